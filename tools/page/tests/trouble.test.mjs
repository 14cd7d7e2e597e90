/** What goes wrong in the minutes of an on-sale, and what the page makes of it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { openWindow } from '../lib/browser.mjs';
import { Person } from '../lib/person.mjs';
import { usePlace } from '../lib/place.mjs';

/** How long a hold lasts where it is to run out: long enough to reach the cart on a busy machine. */
const HOLD_SECONDS = 5;

describe('a hold', () => {
  const place = usePlace();

  test("of a seat that is taken under one's finger gives one sentence, and keeps the rest of the choice", async (t) => {
    const [person, faster] = await Promise.all([Person.signUp(place.api), Person.signUp(place.api)]);
    const { seatsPath, scheduleId } = await place.organiser.makeConcert();
    const page = await openWindow(t, place, { person });
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Row 1, seat 5, ₩50,000, available' }).click();
    await page.getByRole('button', { name: 'Row 1, seat 6, ₩50,000, available' }).click();
    // The map learns nothing more, so that the hold is what is refused.
    await page.route('**/schedules/*/seats?*', (/** @type {any} */ route) => route.abort());
    await faster.hold(scheduleId, ['A-1-5']);
    await page.getByRole('button', { name: 'Hold 2 seats · ₩100,000' }).click();
    await page.getByText('Somebody else was faster: Section A, row 1, seat 5.').waitFor();
    await page.getByRole('button', { name: 'Row 1, seat 5, ₩50,000, held' }).waitFor();
    assert.equal(await page.getByText('Somebody else was faster').count(), 1);
    await page.getByRole('button', { name: 'Hold 1 seat · ₩50,000' }).click();
    await page.getByRole('button', { name: 'Pay ₩50,000' }).waitFor();
  });

  test('is not even tried of a seat that the map has seen go', async (t) => {
    const [person, faster] = await Promise.all([Person.signUp(place.api), Person.signUp(place.api)]);
    const { seatsPath, scheduleId } = await place.organiser.makeConcert();
    const page = await openWindow(t, place, { person });
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Row 1, seat 5, ₩50,000, available' }).click();
    await page.getByRole('button', { name: 'Row 1, seat 6, ₩50,000, available' }).click();
    await faster.hold(scheduleId, ['A-1-5']);
    await page.getByText('Somebody else was faster: Section A, row 1, seat 5.').waitFor();
    await page.getByRole('button', { name: 'Hold 1 seat · ₩50,000' }).waitFor();
    await page.getByRole('button', { name: 'Row 1, seat 5, ₩50,000, held' }).waitFor();
  });

  test('of more seats than are next to each other offers to take them apart', async (t) => {
    const [person, other] = await Promise.all([Person.signUp(place.api), Person.signUp(place.api)]);
    const { seatsPath, scheduleId } = await place.organiser.makeConcert({ rows: 1, seats: 5 });
    await other.hold(scheduleId, ['A-1-2', 'A-1-4']);
    const page = await openWindow(t, place, { person });
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Hold best seats' }).click();
    await page.getByText('There are enough seats, but no neighbours.').waitFor();
    await page.getByRole('button', { name: 'Take seats apart' }).click();
    await page.getByRole('button', { name: 'Pay ₩100,000' }).waitFor();
  });

  test('stays after a declined payment, and a top-up in place pays', async (t) => {
    const person = await Person.signUp(place.api, { money: 1_000 });
    const { seatsPath } = await place.organiser.makeConcert();
    const page = await openWindow(t, place, { person });
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Hold best seats' }).click();
    await page.getByRole('button', { name: 'Pay ₩100,000' }).click();
    await page.getByText('Your balance is too small. Your seats stay held: top up here, then pay.').waitFor();
    await page.getByRole('timer').waitFor();
    await page.getByRole('button', { name: 'Top up', exact: true }).click();
    await page.getByText('Balance after payment').waitFor();
    await page.getByRole('button', { name: 'Pay ₩100,000' }).click();
    await page.getByRole('button', { name: 'Print' }).waitFor();
    assert.equal(await person.balance(), 0);
  });

  test('is paid once, however often the button is pressed, and never again by the back button', async (t) => {
    const person = await Person.signUp(place.api);
    const { seatsPath } = await place.organiser.makeConcert();
    const page = await openWindow(t, place, { person });
    let payments = 0;
    page.on('request', (/** @type {any} */ request) => {
      payments += Number(request.url().endsWith('/payments'));
    });
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Hold best seats' }).click();
    await page.getByRole('button', { name: 'Pay ₩100,000' }).waitFor();
    const cart = page.url();
    await page.getByRole('button', { name: 'Pay ₩100,000' }).dblclick();
    await page.getByRole('button', { name: 'Print' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Best available' }).waitFor();
    await page.goForward();
    await page.getByRole('button', { name: 'Print' }).waitFor();
    // The cart, as from a bookmark or a restored tab, is the tickets now.
    await page.goto(cart);
    await page.getByRole('button', { name: 'Print' }).waitFor();
    assert.match(page.url(), /\/app\/tickets\//);
    assert.equal(payments, 1);
    assert.equal(await person.balance(), 900_000);
  });

  test('waits for the network of somebody who is offline, and is sent once', async (t) => {
    const person = await Person.signUp(place.api);
    const { seatsPath } = await place.organiser.makeConcert();
    const page = await openWindow(t, place, { person });
    let holds = 0;
    page.on('request', (/** @type {any} */ request) => {
      holds += Number(request.url().endsWith('/reservations'));
    });
    await page.goto(seatsPath);
    const button = page.getByRole('button', { name: 'Hold best seats' });
    await button.waitFor();
    await page.context().setOffline(true);
    await page.getByText('You are offline.').waitFor();
    await button.click();
    await button.click();
    assert.equal(holds, 0);
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Pay ₩100,000' }).waitFor();
    assert.equal(holds, 1);
  });

  test('is sent again with the same key when the server is busy', async (t) => {
    const person = await Person.signUp(place.api);
    const { seatsPath } = await place.organiser.makeConcert();
    const page = await openWindow(t, place, { person });
    /** @type {string[]} */
    const keys = [];
    await page.route('**/reservations', (/** @type {any} */ route) => {
      keys.push(route.request().headers()['idempotency-key']);
      return keys.length === 1
        ? route.fulfill({ status: 503, headers: { 'Retry-After': '1' }, json: { code: 'busy' } })
        : route.continue();
    });
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Hold best seats' }).click();
    await page.getByRole('button', { name: 'Pay ₩100,000' }).waitFor();
    assert.equal(keys.length, 2);
    assert.equal(keys[0], keys[1]);
  });

  test('is told to those who cannot see it with two minutes, one minute and twenty seconds left', async (t) => {
    const person = await Person.signUp(place.api);
    const { scheduleId } = await place.organiser.makeConcert();
    const { reservation_id: reservationId } = await person.hold(scheduleId, ['A-1-1']);
    const page = await openWindow(t, place, { person });
    await page.clock.install();
    await page.goto(`/app/cart/${reservationId}`);
    await page.getByRole('timer').waitFor();
    for (const [ms, said] of [
      [185_000, '2 minutes left'],
      [60_000, '1 minute left'],
      [40_000, '20 seconds left'],
    ]) {
      await page.clock.runFor(ms);
      await page.locator('#live', { hasText: said }).waitFor({ state: 'attached' });
    }
  });
});

describe('a hold that runs out', () => {
  const place = usePlace({ HOLD_SECONDS });

  test('says so by itself, says what is still free, and leads back to the seats', async (t) => {
    const person = await Person.signUp(place.api);
    const { seatsPath } = await place.organiser.makeConcert({ rows: 2, seats: 10 });
    const page = await openWindow(t, place, { person });
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Hold best seats' }).click();
    await page.getByRole('timer').waitFor();
    await page.getByText('The time to pay is over, and the seats went back on sale.').waitFor();
    await page.getByText('Nothing was charged.').waitFor();
    await page.getByText(/ of section A (is|are) still free\.$/).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Pay / }).count(), 0);
    await page.getByRole('link', { name: 'Choose seats again' }).click();
    await page.getByRole('button', { name: 'Hold best seats' }).waitFor();
    assert.equal(await person.balance(), 1_000_000);
  });
});
