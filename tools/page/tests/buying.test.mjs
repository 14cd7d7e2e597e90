/** The ways of a buyer from the first page to the ticket. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { openWindow } from '../lib/browser.mjs';
import { Person } from '../lib/person.mjs';
import { usePlace } from '../lib/place.mjs';

const TAB_STOPS_MAX = 80;

/**
 * Presses Tab until the focus is on an element with this role and name.
 * @param {any} page
 * @param {string} role
 * @param {string | RegExp} name
 */
async function tabTo(page, role, name) {
  const wanted = page.getByRole(role, { name }).first();
  await wanted.waitFor();
  for (let stops = 0; stops < TAB_STOPS_MAX; stops += 1) {
    if (await wanted.evaluate((/** @type {Element} */ element) => element === document.activeElement)) {
      return;
    }
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach ${role} ${name}`);
}

describe('a buyer', () => {
  const place = usePlace();

  test('goes from the first page to the tickets with the keyboard alone', async (t) => {
    const person = await Person.signUp(place.api);
    await place.organiser.makeConcert({ name: 'Keyboard evening' });
    const page = await openWindow(t, place);
    await page.goto('/');
    await tabTo(page, 'link', 'Keyboard evening');
    await page.keyboard.press('Enter');
    await tabTo(page, 'link', 'Choose seats');
    await page.keyboard.press('Enter');
    await tabTo(page, 'button', 'Hold best seats');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Log in' }).waitFor();
    await tabTo(page, 'textbox', 'E-mail address');
    await page.keyboard.type(person.account.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(person.account.password);
    await page.keyboard.press('Enter');
    await tabTo(page, 'button', /^Pay /);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Print' }).waitFor();
    assert.match(page.url(), /\/app\/tickets\//);
    assert.equal(await page.locator('.ticket').count(), 2);
    assert.equal(await person.balance(), 900_000);
  });

  test('picks two seats on the map and pays', async (t) => {
    const person = await Person.signUp(place.api);
    const { seatsPath } = await place.organiser.makeConcert();
    const page = await openWindow(t, place, { person });
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Row 2, seat 5, ₩50,000, available' }).click();
    await page.getByRole('button', { name: 'Row 2, seat 6, ₩50,000, available' }).click();
    await page.getByRole('button', { name: 'Hold 2 seats · ₩100,000' }).click();
    await page.getByRole('button', { name: 'Pay ₩100,000' }).click();
    await page.getByRole('button', { name: 'Print' }).waitFor();
    assert.deepEqual(await page.locator('.ticket .code').allTextContents(), ['A-2-5', 'A-2-6']);
    assert.equal(await person.balance(), 900_000);
  });

  test('reaches the map by one stop of Tab, and moves on it with the arrow keys', async (t) => {
    const { seatsPath } = await place.organiser.makeConcert({ rows: 3, seats: 5 });
    const page = await openWindow(t, place);
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Row 1, seat 1, ₩50,000, available' }).focus();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-seat'));
    for (const [key, seat] of [
      ['ArrowRight', 'A-1-2'],
      ['ArrowDown', 'A-2-2'],
      ['End', 'A-2-5'],
      ['ArrowUp', 'A-1-5'],
      ['Home', 'A-1-1'],
      ['ArrowLeft', 'A-1-1'],
    ]) {
      await page.keyboard.press(key);
      assert.equal(await focused(), seat, key);
    }
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Row 1, seat 1, ₩50,000, chosen', pressed: true }).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await focused(), null, 'Tab leaves the map');
  });

  test('chooses section, row and seat from a list, and no more seats than the organiser allows', async (t) => {
    const { seatsPath } = await place.organiser.makeConcert({ seatsPerUser: 1 });
    const page = await openWindow(t, place);
    await page.goto(seatsPath);
    await page.getByText('Choose from a list').click();
    await page.getByLabel('Row', { exact: true }).selectOption({ label: 'Row 3' });
    await page.getByLabel('Seat', { exact: true }).selectOption({ label: '7' });
    await page.getByRole('button', { name: 'Add seat' }).click();
    await page.getByRole('button', { name: 'Row 3, seat 7, ₩50,000, chosen' }).waitFor();
    await page.getByRole('button', { name: 'Add seat' }).click();
    await page.getByText('You may have at most 1 seat of this date.').waitFor();
    await page.getByRole('button', { name: 'Hold 1 seat · ₩50,000' }).waitFor();
  });

  test('is warned of a single seat that is left alone, and not kept from it', async (t) => {
    const { seatsPath } = await place.organiser.makeConcert({ rows: 1, seats: 6 });
    const page = await openWindow(t, place);
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Row 1, seat 2, ₩50,000, available' }).click();
    await page.getByText('This leaves a single seat alone: Section A, row 1, seat 1.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Hold 1 seat · ₩50,000' }).isEnabled(), true);
    await page.getByRole('button', { name: 'Row 1, seat 1, ₩50,000, available' }).click();
    await page.getByText('This leaves a single seat alone').waitFor({ state: 'hidden' });
  });
});

describe('a visitor', () => {
  const place = usePlace();

  test('sees a countdown reach the opening of a sale without a reload, and can choose seats then', async (t) => {
    const { concertPath } = await place.organiser.makeConcert({ opensInMs: 5_000 });
    const page = await openWindow(t, place);
    await page.goto(concertPath);
    await page.getByText(/^Opens in \d s$/).waitFor();
    assert.equal(await page.getByRole('link', { name: 'Choose seats' }).isVisible(), false);
    await page.evaluate(() => {
      /** @type {any} */ (globalThis).isSame = true;
    });
    await page.getByRole('link', { name: 'Choose seats' }).click();
    await page.getByRole('button', { name: 'Hold best seats' }).waitFor();
    assert.equal(await page.evaluate(() => /** @type {any} */ (globalThis).isSame), true);
  });

  test('sees which concerts are sold out, and which have not opened', async (t) => {
    await place.organiser.makeConcert({ name: 'Evening to come', opensInMs: 3_600_000 });
    const page = await openWindow(t, place);
    await page.goto('/');
    const card = (/** @type {string} */ name) => page.getByRole('listitem').filter({ hasText: name });
    await card('Onsale Unplugged').getByText('Sold out').waitFor();
    await card('Evening to come')
      .getByText(/^Opens in (59|1 h)/)
      .waitFor();
    await card('Onsale Live').getByText('On sale').waitFor();
    await page.getByRole('link', { name: 'Onsale Unplugged' }).click();
    await page.getByText('Sold out').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Choose seats' }).isVisible(), false);
  });

  test('finds a concert by a part of its name', async (t) => {
    const page = await openWindow(t, place);
    await page.goto('/');
    await page.getByRole('searchbox').fill('arena');
    await page.keyboard.press('Enter');
    await page.waitForURL(/query=arena/);
    assert.deepEqual(await page.locator('.card h2').allTextContents(), ['Onsale Arena']);
  });

  test('reads what is on, when, where and from which price without JavaScript', async (t) => {
    const { concertId } = await place.organiser.makeConcert({ name: 'Plain evening' });
    const page = await openWindow(t, place, { javaScriptEnabled: false });
    await page.goto('/');
    const card = page.getByRole('listitem').filter({ hasText: 'Plain evening' });
    await card.getByText('Hall of tests').waitFor();
    await card.getByText('From ₩50,000').waitFor();
    await card.getByText('On sale').waitFor();
    await page.getByRole('link', { name: 'Plain evening' }).click();
    assert.match(page.url(), new RegExp(concertId));
    // Text within it is passed over by other ways of looking.
    assert.match(await page.locator('noscript p').innerText(), /^Buying needs JavaScript\./);
    await page.getByRole('heading', { name: /\d{4}, \d\d:\d\d UTC$/ }).waitFor();
    await page.getByText('Section A').waitFor();
    await page.getByText('40 left').waitFor();
  });
});
