/**
 * Measures how fast the page is: medians of five on an empty cache, as a table; fails above the bounds.
 *
 *   PROGRAM=ONSALE MODULES=NODE_MODULES node tools/page/measure.mjs
 */

import { SIZES, inWindow } from './lib/browser.mjs';
import { openPlace } from './lib/place.mjs';
import { furnish, show } from './lib/screens.mjs';

const RUNS = 5;
/** A phone of the middle class is about so many times slower than this machine. */
const SLOW_DOWN = 4;
const LARGEST_PAINT_MS_MAX = 1_000;
const INTERACTION_MS_MAX = 100;
const USABLE_MS_MAX = 150;
/** Shorter interactions are not told; they count as this. */
const SHORTEST_EVENT_MS = 16;

/** @typedef {{ what: string, taken: number, most: number }} Row */

/** @param {number[]} values */
const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];

/**
 * Takes a figure five times, each in a window of its own.
 * @param {import('./lib/place.mjs').Place} place
 * @param {any} options
 * @param {(page: any) => Promise<number>} take
 */
async function takeMedian(place, options, take) {
  const values = [];
  for (let run = 0; run < RUNS; run += 1) {
    values.push(await inWindow(place, options, take));
  }
  return median(values);
}

/** @param {any} page */
async function slowDown(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW_DOWN });
}

/**
 * When the largest thing of the first view was painted.
 * @param {any} page
 * @param {import('./lib/screens.mjs').Screen} screen
 */
async function timeLargestPaint(page, screen) {
  await slowDown(page);
  await page.addInitScript(() => {
    new PerformanceObserver((list) => {
      /** @type {any} */ (globalThis).largestPaint = list.getEntries().at(-1)?.startTime;
    }).observe({ type: 'largest-contentful-paint', buffered: true });
  });
  await show(page, screen);
  await page.waitForLoadState('networkidle');
  return page.evaluate('largestPaint');
}

/**
 * How long the page took to answer an interaction with a frame.
 * @param {any} page
 * @param {() => Promise<void>} interact
 */
async function timeInteraction(page, interact) {
  await slowDown(page);
  await page.evaluate(() => {
    const view = /** @type {any} */ (globalThis);
    view.interactions = [];
    new PerformanceObserver((list) =>
      list
        .getEntries()
        .forEach((entry) => /** @type {any} */ (entry).interactionId && view.interactions.push(entry.duration)),
    ).observe(/** @type {any} */ ({ type: 'event', durationThreshold: 16 }));
  });
  await interact();
  // The frame that shows it, and the one after which it is told.
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 0)))),
  );
  return page.evaluate(
    (/** @type {number} */ least) => Math.max(least, .../** @type {any} */ (globalThis).interactions),
    SHORTEST_EVENT_MS,
  );
}

/** From the arrival of the seats to a seat that is painted and takes a click. @param {any} page @param {string} path */
async function timeUntilUsable(page, path) {
  await page.addInitScript(() => {
    const watching = new MutationObserver(() => {
      const seat = document.querySelector('button.seat[data-state="available"]');
      if (seat) {
        watching.disconnect();
        requestAnimationFrame(() =>
          setTimeout(() => {
            /** @type {any} */ (globalThis).usableAt = performance.now();
          }, 0),
        );
      }
    });
    watching.observe(document, { childList: true, subtree: true });
  });
  await page.goto(path);
  await page.waitForFunction(() => /** @type {any} */ (globalThis).usableAt !== undefined);
  const took = await page.evaluate(() => {
    const entries = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType('resource'));
    return (
      /** @type {any} */ (globalThis).usableAt -
      /** @type {any} */ (entries.find(({ name }) => name.includes('view=rows'))).responseEnd
    );
  });
  await page.locator('button.seat').first().click();
  await page.locator('button.seat[aria-pressed="true"]').waitFor();
  return took;
}

/** @param {import('./lib/place.mjs').Place} place @returns {Promise<Row[]>} */
async function measure(place) {
  const screens = await furnish(place);
  const hall = await place.organiser.makeConcert({ name: 'Large evening', rows: 50, seats: 50 });
  const phone = { viewport: SIZES.phone };
  const rows = [];
  for (const screen of screens.filter(({ prepare }) => !prepare)) {
    const taken = await takeMedian(place, { ...phone, person: screen.person }, (page) =>
      timeLargestPaint(page, screen),
    );
    rows.push({ what: `largest paint: ${screen.name}`, taken, most: LARGEST_PAINT_MS_MAX });
  }
  const arena = /** @type {import('./lib/screens.mjs').Screen} */ (screens.find(({ name }) => name === 'seats'));
  for (const [size, path] of [
    ['160 seats', arena.path],
    ['2,500 seats', hall.seatsPath],
  ]) {
    const select = await takeMedian(place, phone, async (page) => {
      await page.goto(path);
      await page.locator('button.seat[data-state="available"]').first().waitFor();
      return timeInteraction(page, () => page.locator('button.seat[data-state="available"]').nth(40).click());
    });
    rows.push({ what: `selecting one of ${size}`, taken: select, most: INTERACTION_MS_MAX });
  }
  const step = await takeMedian(place, phone, async (page) => {
    await page.goto(arena.path);
    await page.locator('#best-count').focus();
    return timeInteraction(page, () => page.keyboard.press('ArrowDown'));
  });
  rows.push({ what: 'stepping the count of seats', taken: step, most: INTERACTION_MS_MAX });
  const usable = await takeMedian(place, {}, (page) => timeUntilUsable(page, hall.seatsPath));
  return [
    ...rows,
    { what: '2,500 seats usable after their data arrived, not slowed down', taken: usable, most: USABLE_MS_MAX },
  ];
}

// Carts are looked at for longer than seats are held otherwise.
const place = await openPlace({ HOLD_SECONDS: 3_600 });
try {
  const rows = await measure(place);
  console.log(`Medians of ${RUNS}, the processor slowed down ${SLOW_DOWN} times, in ms:\n`);
  console.log('| figure | median | bound |\n|---|---|---|');
  rows.forEach(({ what, taken, most }) => console.log(`| ${what} | ${taken.toFixed(0)} | ${most} |`));
  const above = rows.filter(({ taken, most }) => !(taken <= most));
  above.forEach(({ what }) => console.log(`ABOVE ITS BOUND: ${what}`));
  process.exitCode = above.length > 0 ? 1 : 0;
} finally {
  await place.close();
}
