/** Pictures of the page, of a stack of its own: see take-picture. */

import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { SIZES, inWindow } from './lib/browser.mjs';
import { Person, findConcert } from './lib/person.mjs';
import { openPlace } from './lib/place.mjs';
import { furnish, show } from './lib/screens.mjs';

/** The README is read over slow networks, too. */
const BYTES_MAX = 200_000;
const LANGUAGES = ['en-GB', 'ko-KR'];
const SCHEMES = ['light', 'dark'];

/**
 * Two seats in the middle of a hall in which others have bought and hold some.
 * @param {import('./lib/place.mjs').Place} place
 * @param {string} file
 */
async function takeOne(place, file) {
  const { scheduleId, seatsPath } = await findConcert(place.api, 'Arena');
  const sold = [
    ['1-9', '1-10', '1-11', '1-12'],
    ['2-8', '2-9', '2-10'],
    ['3-15', '3-16'],
    ['4-2', '4-3', '4-4'],
    ['5-18', '5-19'],
  ];
  for (const seats of sold) {
    const buyer = await Person.signUp(place.api);
    const seatIds = seats.map((seat) => `Floor-${seat}`);
    await buyer.buy(scheduleId, seatIds);
  }
  await (await Person.signUp(place.api)).hold(scheduleId, ['Floor-1-7', 'Floor-1-8']);
  await inWindow(place, { reducedMotion: 'reduce' }, async (page) => {
    await page.goto(`${seatsPath}?section=Floor`);
    await page.locator('button.seat[data-state="sold"]').first().waitFor();
    await page.locator('[data-seat="Floor-2-11"]').click();
    await page.locator('[data-seat="Floor-2-12"]').click();
    await page.evaluate(() => document.getElementById('map-title')?.closest('section')?.scrollIntoView());
    // A pointer that rests on a seat would mark it.
    await page.mouse.move(0, 0);
    await page.screenshot({ path: file });
  });
  const { size } = statSync(file);
  if (size > BYTES_MAX) {
    throw new Error(`${file} has ${size} bytes; ${BYTES_MAX} is the limit`);
  }
  console.log(`written: ${file}, ${size} bytes`);
}

/** @param {import('./lib/place.mjs').Place} place @param {string} folder */
async function takeAll(place, folder) {
  mkdirSync(folder, { recursive: true });
  const screens = await furnish(place);
  for (const locale of LANGUAGES) {
    for (const screen of screens) {
      await inWindow(place, { locale, person: screen.person, cards: screen.cards, reducedMotion: 'reduce' }, async (page) => {
        await show(page, screen);
        for (const colorScheme of SCHEMES) {
          await page.emulateMedia({ colorScheme });
          for (const [size, viewport] of Object.entries(SIZES)) {
            await page.setViewportSize(viewport);
            const name = `${screen.name.replaceAll(' ', '-')}.${locale.slice(0, 2)}.${colorScheme}.${size}.png`;
            await page.screenshot({ path: join(folder, name), fullPage: !screen.ready.includes('dialog') });
          }
        }
      });
    }
  }
  console.log(`written: ${screens.length} screens into ${folder}`);
}

const place = await openPlace();
try {
  const [what, folder] = process.argv.slice(2);
  await (what === '--all' ? takeAll(place, folder) : takeOne(place, what));
} finally {
  await place.close();
}
