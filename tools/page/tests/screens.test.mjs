/** What holds on every screen: no barrier, no sideways scrolling, no motion for those who want none. */

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { SIZES, openWindow } from '../lib/browser.mjs';
import { readAxe } from '../lib/packages.mjs';
import { usePlace } from '../lib/place.mjs';
import { furnish, show } from '../lib/screens.mjs';

/** 320 px is 400 % zoom on a desktop, and 640 px is 200 %. */
const NARROW_WIDTHS = [320, 640];

describe('every screen', () => {
  const place = usePlace();
  /** @type {import('../lib/screens.mjs').Screen[]} */
  let screens;

  before(async () => {
    screens = await furnish(place);
  });

  test(
    'has no barrier in either scheme and size, no sideways scrolling when it is narrow or its text is doubled, ' +
      'and no motion for those who want none',
    async (t) => {
      for (const screen of screens) {
        await t.test(screen.name, async (t) => {
          const { person, cards } = screen;
          const page = await openWindow(t, place, { person, cards, reducedMotion: 'reduce' });
          await show(page, screen);
          const found = [...(await findMotion(page)), ...(await findBarriers(page)), ...(await findOverflows(page))];
          assert.ok(found.length === 0, found.join('\n'));
        });
      }
    },
  );

  test('that is still loading does not move for those who want no motion', async (t) => {
    const page = await openWindow(t, place, { reducedMotion: 'reduce' });
    await page.route('**/products', () => undefined);
    await page.goto('/app/shop');
    await page.locator('.loading').waitFor();
    assert.deepEqual(await findMotion(page), []);
  });
});

/** @param {any} page @returns {Promise<string[]>} */
function findMotion(page) {
  return page.evaluate(() =>
    document
      .getAnimations()
      .filter(({ playState }) => playState === 'running')
      .map(
        (animation) =>
          `moves: ${/** @type {any} */ (animation).animationName ?? /** @type {any} */ (animation).transitionProperty}`,
      ),
  );
}

/** What axe finds in both schemes and both sizes. @param {any} page */
async function findBarriers(page) {
  await page.evaluate(readAxe());
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      const { violations } = await page.evaluate('axe.run({ resultTypes: ["violations"] })');
      found.push(
        ...violations.flatMap((/** @type {any} */ { id, help, nodes }) =>
          nodes.map(
            (/** @type {any} */ { html, any }) =>
              `${colorScheme}, ${size}: ${id}: ${help}: ${html.slice(0, 200)} ${any[0]?.message ?? ''}`,
          ),
        ),
      );
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return found;
}

/** @param {any} page */
async function findOverflows(page) {
  const found = [];
  for (const width of NARROW_WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    found.push(...(await findWide(page, `${width} px`)));
  }
  await page.setViewportSize(SIZES.desktop);
  await page.evaluate(() => {
    document.documentElement.style.fontSize = '200%';
  });
  return [...found, ...(await findWide(page, 'doubled text'))];
}

/**
 * The elements that make a page scroll sideways.
 * @param {any} page
 * @param {string} when
 * @returns {Promise<string[]>}
 */
function findWide(page, when) {
  return page.evaluate((/** @type {string} */ said) => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) {
      return [];
    }
    const wide = [...document.body.querySelectorAll('*')].filter(
      (element) =>
        element.getBoundingClientRect().right > root.clientWidth + 1 && !element.closest('.seat-map, .scroll'),
    );
    return [
      `${said}: ${root.scrollWidth} px wide instead of ${root.clientWidth}: ${wide
        .slice(0, 3)
        .map((element) => /** @type {Element} */ (element.cloneNode(false)).outerHTML.slice(0, 120))
        .join(' | ')}`,
    ];
  }, when);
}
