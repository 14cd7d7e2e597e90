/** Budgets of each screen on a first load: nothing is in the browser's cache. */

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { openWindow } from '../lib/browser.mjs';
import { usePlace } from '../lib/place.mjs';
import { furnish, show } from '../lib/screens.mjs';

const BYTES_MAX = 30_000;
const SCRIPT_BYTES_MAX = 15_000;
/** Beside one for the code of each ticket that is shown. */
const REQUESTS_MAX = 8;
const POLL_BODY_BYTES_MAX = 300;

/** Counts what travels, as Chromium's network tells it: compressed, with headers. @param {any} context */
function countTraffic(context) {
  /** @type {Promise<{ kind: string, path: string, bytes: number, body: number, method: string }>[]} */
  const asked = [];
  context.on('requestfinished', (/** @type {any} */ request) =>
    asked.push(
      request.sizes().then((/** @type {any} */ sizes) => ({
        kind: request.resourceType(),
        path: new URL(request.url()).pathname,
        method: request.method(),
        bytes: sizes.responseHeadersSize + sizes.responseBodySize,
        body: sizes.responseBodySize,
      })),
    ),
  );
  return { all: () => Promise.all(asked) };
}

/** Notes what jumps from the moment that the page is opened, and how far. @param {any} context */
const watchShifts = (context) =>
  context.addInitScript(() => {
    const view = /** @type {any} */ (globalThis);
    view.shifts = [];
    new PerformanceObserver((list) =>
      /** @type {any[]} */ (list.getEntries())
        .filter((entry) => !entry.hadRecentInput)
        .forEach((entry) => {
          const moved = entry.sources.map((/** @type {any} */ { node }) =>
            (node?.outerHTML ?? node?.data ?? 'something').slice(0, 120),
          );
          view.shifts.push(`${entry.value.toFixed(4)}: ${moved.join(' | ')}`);
        }),
    ).observe({ type: 'layout-shift', buffered: true });
  });

describe('a first load', () => {
  const place = usePlace();
  /** @type {import('../lib/screens.mjs').Screen[]} */
  let screens;

  before(async () => {
    screens = await furnish(place);
  });

  test('of each screen costs at most 30 KB, 15 KB of scripts and 8 requests, and nothing jumps', async (t) => {
    for (const screen of screens.filter(({ prepare }) => !prepare)) {
      await t.test(screen.name, (t) => assertCheap(t, place, screen));
    }
  });

  test('of a poll in the queue has a body of at most 300 bytes', async (t) => {
    const page = await openWindow(t, place, { person: screens.find(({ name }) => name === 'queue')?.person });
    const polled = page
      .context()
      .waitForEvent('requestfinished', (/** @type {any} */ request) => request.url().endsWith('/tokens/me'));
    await show(page, /** @type {import('../lib/screens.mjs').Screen} */ (screens.find(({ name }) => name === 'queue')));
    const { responseBodySize } = await (await polled).sizes();
    t.diagnostic(`a poll: ${responseBodySize} bytes`);
    assert.ok(responseBodySize <= POLL_BODY_BYTES_MAX, `${responseBodySize} bytes`);
  });
});

/**
 * @param {import('node:test').TestContext} t @param {import('../lib/place.mjs').Place} place
 * @param {import('../lib/screens.mjs').Screen} screen
 */
async function assertCheap(t, place, screen) {
  const page = await openWindow(t, place, { person: screen.person });
  const traffic = countTraffic(page.context());
  await watchShifts(page.context());
  await show(page, screen);
  await page.waitForLoadState('networkidle');
  const all = await traffic.all();
  const sum = (/** @type {(one: any) => boolean} */ which) =>
    all.filter(which).reduce((bytes, one) => bytes + one.bytes, 0);
  const [bytes, scripts, shifts] = [
    sum(() => true),
    sum(({ kind }) => kind === 'script'),
    await page.evaluate('shifts'),
  ];
  t.diagnostic(
    `${screen.name}: ${bytes} bytes, ${scripts} of scripts, ${all.length} requests, ${shifts.length} shifts`,
  );
  const others = all.filter(({ path }) => !path.endsWith('/code'));
  const excess = [
    bytes > BYTES_MAX && `${bytes} bytes`,
    scripts > SCRIPT_BYTES_MAX && `${scripts} bytes of scripts`,
    others.length > REQUESTS_MAX && `${others.length} requests`,
    ...shifts.map((/** @type {string} */ shift) => `a shift of ${shift}`),
  ].filter(Boolean);
  const told = all.map((one) => `${one.method} ${one.path}: ${one.bytes} bytes`);
  assert.ok(excess.length === 0, [...excess, ...told].join('\n'));
}
