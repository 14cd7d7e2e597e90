/** Paying by card, with the payment provider of the local stack. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { openWindow } from '../lib/browser.mjs';
import { Person } from '../lib/person.mjs';
import { usePlace } from '../lib/place.mjs';

const GOOD = '4242424242424242';
const DECLINED = '4000000000000002';
const POOR = '4000000000009995';
const ASKS_WHO_YOU_ARE = '4000000000003220';
const LATE = '4000000000009029';
/** Long enough to pay on a busy machine. */
const HOLD_SECONDS = 6;

/** The provider's frame. @param {any} page */
const frameOf = (page) => page.frameLocator('.card-frame iframe');

/** Types a card into the provider's frame. @param {any} page @param {string} number */
async function typeCard(page, number) {
  const frame = frameOf(page);
  await frame.getByLabel(/Card number|카드 번호/).fill(number);
  await frame.getByLabel(/Expiry|유효 기간/).fill('1240');
  await frame.getByLabel(/Code|보안 코드/).fill('123');
}

/** Chooses to pay by card, and waits for the form. @param {any} page */
async function chooseCard(page) {
  await page.getByLabel('By card').check();
  await frameOf(page).getByLabel('Card number').waitFor();
}

/** Sets how long a bank takes that takes its time. @param {string} provider @param {number} seconds */
async function setLate(provider, seconds) {
  const body = JSON.stringify({ processing_seconds: seconds });
  const response = await fetch(`${provider}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body,
  });
  assert.ok(response.ok, 'the fault is set');
}

/** Counts what the page asks the API, by method and path. @param {any} page @param {RegExp} which */
function count(page, which) {
  const seen = { n: 0 };
  page.on('request', (/** @type {any} */ request) => {
    seen.n += Number(which.test(`${request.method()} ${new URL(request.url()).pathname}`));
  });
  return seen;
}

describe('a buyer with a card', () => {
  const place = usePlace();

  /** Somebody without a wallet in front of a cart with one seat. @param {import('node:test').TestContext} t */
  async function openCart(t, options = {}) {
    const person = await Person.signUp(place.api, { money: 0 });
    const { scheduleId } = await place.organiser.makeConcert();
    const { reservation_id: id } = await person.hold(scheduleId, ['A-1-1']);
    const page = await openWindow(t, place, { person, cards: place.cards, ...options });
    await page.goto(`/app/cart/${id}`);
    return { page, person, id, path: `/app/cart/${id}` };
  }

  test('pays for seats and is led to the tickets, without a wallet', async (t) => {
    const { page, person, id } = await openCart(t);
    await chooseCard(page);
    await typeCard(page, GOOD);
    await page.getByRole('button', { name: 'Pay ₩50,000' }).click();
    await page.getByRole('button', { name: 'Print' }).waitFor();
    assert.match(page.url(), /\/app\/tickets\//);
    assert.equal((await person.ask('GET', `/reservations/${id}`)).state, 'paid');
  });

  test('loads nothing of the provider before a card is chosen', async (t) => {
    const { page } = await openCart(t, { cards: undefined });
    await page.getByRole('radio', { name: 'From the wallet', checked: true }).waitFor();
    await page.getByRole('timer').waitFor();
    await page.waitForLoadState('networkidle');
    assert.equal(await page.locator('iframe').count(), 0);
  });

  test('comes from the seats to the card by one reload, because only the checkout lets the provider in', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const { seatsPath } = await place.organiser.makeConcert();
    const page = await openWindow(t, place, { person, cards: place.cards });
    const loaded = count(page, /^GET \/app\//);
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Hold best seats' }).click();
    await page.getByLabel('By card').check();
    await frameOf(page).getByLabel('Card number').waitFor();
    assert.equal(loaded.n, 2, 'the document of the seats, and that of the cart');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'way', 'the focus is kept');
    await typeCard(page, GOOD);
    await page.getByRole('button', { name: 'Pay ₩100,000' }).click();
    await page.getByRole('button', { name: 'Print' }).waitFor();
  });

  test('reads why a card is refused while the hold goes on, and pays with another one', async (t) => {
    const { page, person, id } = await openCart(t);
    await chooseCard(page);
    for (const [card, reason] of [
      [DECLINED, 'The card was declined. Nothing was charged. Try another card.'],
      [POOR, 'The card has too little money. Nothing was charged. Try another card.'],
      [ASKS_WHO_YOU_ARE, 'The bank could not confirm that it is you. Nothing was charged. Try another card.'],
    ]) {
      await typeCard(page, card);
      await page.getByRole('button', { name: 'Pay ₩50,000' }).click();
      await page.getByRole('alert').getByText(reason).waitFor();
      assert.match(await page.getByRole('timer').textContent(), /^\d:\d\d$/);
    }
    assert.equal((await person.ask('GET', `/reservations/${id}`)).state, 'held');
    await typeCard(page, GOOD);
    await page.getByRole('button', { name: 'Pay ₩50,000' }).click();
    await page.getByRole('button', { name: 'Print' }).waitFor();
  });

  test('is told to complete the details of a card', async (t) => {
    const { page } = await openCart(t);
    await chooseCard(page);
    await typeCard(page, '4242');
    await page.getByRole('button', { name: 'Pay ₩50,000' }).click();
    await page.getByText('Complete the card details above.').waitFor();
  });

  test('goes on with the same payment after a reload in the middle', async (t) => {
    const { page } = await openCart(t);
    const begun = [];
    page.on('response', async (/** @type {any} */ response) => {
      if (response.url().endsWith('/card-payments')) {
        begun.push((await response.json()).card_payment_id);
      }
    });
    await chooseCard(page);
    await page.reload();
    await frameOf(page).getByLabel('Card number').waitFor();
    await typeCard(page, GOOD);
    await page.getByRole('button', { name: 'Pay ₩50,000' }).click();
    await page.getByRole('button', { name: 'Print' }).waitFor();
    assert.equal(begun.length, 2);
    assert.equal(new Set(begun).size, 1, 'it is one payment');
  });

  test('who reloads after the answer to a charge is lost finds the tickets, and is charged once', async (t) => {
    const { page, path } = await openCart(t);
    await chooseCard(page);
    await typeCard(page, GOOD);
    await page.route('**/confirmation', (/** @type {any} */ route) => route.abort());
    const lost = page.waitForEvent('requestfailed', (/** @type {any} */ request) =>
      request.url().endsWith('/confirmation'),
    );
    await page.getByRole('button', { name: 'Pay ₩50,000' }).click();
    await lost;
    await page.unroute('**/confirmation');
    const asked = count(page, /^POST \/card-payments$/);
    // As the provider leads back after a redirect.
    await page.goto(`${path}?payment_intent=pi_1&payment_intent_client_secret=x&redirect_status=succeeded`);
    await page.getByRole('button', { name: 'Print' }).waitFor();
    assert.equal(new URL(page.url()).search, '', 'the address has no secret');
    assert.equal(asked.n, 0, 'no payment is begun');
  });

  test('whose bank takes its time waits, and then has the tickets', async (t) => {
    await setLate(place.cards, 3);
    const { page } = await openCart(t);
    await chooseCard(page);
    await typeCard(page, LATE);
    await page.getByRole('button', { name: 'Pay ₩50,000' }).click();
    await page.getByText('The bank is still working on your payment. Do not pay again').waitFor();
    assert.equal(await page.getByLabel('From the wallet').isDisabled(), true);
    await page.getByRole('button', { name: 'Print' }).waitFor();
  });

  test('may go back to the wallet', async (t) => {
    const person = await Person.signUp(place.api);
    const { scheduleId } = await place.organiser.makeConcert();
    const { reservation_id: id } = await person.hold(scheduleId, ['A-1-1']);
    const page = await openWindow(t, place, { person, cards: place.cards });
    await page.goto(`/app/cart/${id}`);
    await chooseCard(page);
    await page.getByLabel('From the wallet').check();
    await page.getByText('Balance after payment').waitFor();
    await page.getByRole('button', { name: 'Pay ₩50,000' }).click();
    await page.getByRole('button', { name: 'Print' }).waitFor();
    assert.equal(await person.balance(), 950_000);
  });

  test('who chooses the card again finds the form again', async (t) => {
    const { page } = await openCart(t);
    await chooseCard(page);
    await page.getByLabel('From the wallet').check();
    await page.getByRole('button', { name: 'Top up', exact: true }).waitFor();
    await chooseCard(page);
    await typeCard(page, GOOD);
    await page.getByRole('button', { name: 'Pay ₩50,000' }).click();
    await page.getByRole('button', { name: 'Print' }).waitFor();
  });

  test('orders in the shop and pays on the next screen', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const wish = { name: 'Card cap', price: 30_000, stock: 9 };
    const { product_id: productId } = await place.organiser.ask('POST', '/products', wish);
    const page = await openWindow(t, place, { person, cards: place.cards });
    await page.goto(`/app/shop/${productId}`);
    await page.getByRole('button', { name: 'Pay by card' }).click();
    await frameOf(page).getByLabel('Card number').waitFor();
    await page.getByText('Your order is kept for').waitFor();
    await typeCard(page, GOOD);
    await page.getByRole('button', { name: 'Pay ₩30,000' }).click();
    await page.getByText('Paid', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Cancel and refund' }).waitFor();
  });

  test('pays in Korean', async (t) => {
    const { page } = await openCart(t, { locale: 'ko-KR' });
    await page.getByLabel('카드로').check();
    await typeCard(page, DECLINED);
    await page.getByRole('button', { name: '₩50,000 결제' }).click();
    await page.getByRole('alert').getByText('카드가 거절되었습니다.').waitFor();
    await typeCard(page, GOOD);
    await page.getByRole('button', { name: '₩50,000 결제' }).click();
    await page.getByRole('button', { name: '인쇄' }).waitFor();
  });

  test('sees no choice where the shop takes no cards', async (t) => {
    // The stack always has a provider, so the document is told of none.
    const person = await Person.signUp(place.api);
    const { scheduleId } = await place.organiser.makeConcert();
    const { reservation_id: id } = await person.hold(scheduleId, ['A-1-1']);
    const page = await openWindow(t, place, { person });
    await page.route('**/app/**', async (/** @type {any} */ route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace(/<meta name="card-script"[^>]*>/, '');
      await route.fulfill({ response, body });
    });
    await page.goto(`/app/cart/${id}`);
    await page.getByRole('button', { name: 'Pay ₩50,000' }).waitFor();
    assert.equal(await page.getByRole('radio').count(), 0);
    await page.goto('/app/wallet');
    await page.getByRole('button', { name: 'Top up', exact: true }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Top up by card' }).count(), 0);
    assert.equal(await page.getByText('Pay out to a card').count(), 0);
  });

  test('cannot be led to a script of another origin', async (t) => {
    const { page } = await openCart(t);
    await page.route('**/card-payments', async (/** @type {any} */ route) => {
      const response = await route.fetch();
      const json = { ...(await response.json()), script_url: `${place.api}/assets/other.js` };
      await route.fulfill({ response, json });
    });
    const asked = count(page, /other\.js/);
    await page.getByLabel('By card').check();
    await page.getByText('The payment provider cannot be reached.').waitFor();
    assert.equal(asked.n, 0);
  });
});

describe('a hold that runs out while a bank takes its time', () => {
  const place = usePlace({ HOLD_SECONDS });

  test('ends, and says that money which still comes is in the wallet, or that nothing was charged', async (t) => {
    await setLate(place.cards, 2 * HOLD_SECONDS);
    const person = await Person.signUp(place.api, { money: 0 });
    const { scheduleId } = await place.organiser.makeConcert();
    const { reservation_id: id } = await person.hold(scheduleId, ['A-1-1']);
    const page = await openWindow(t, place, { person, cards: place.cards });
    await page.goto(`/app/cart/${id}`);
    await chooseCard(page);
    await typeCard(page, LATE);
    await page.getByRole('button', { name: 'Pay ₩50,000' }).click();
    await page.getByText('The bank is still working on your payment.').waitFor();
    await page.getByRole('heading', { name: 'These seats are no longer held' }).waitFor();
    await page.getByText('If your bank still charges the card, the money comes into your wallet.').waitFor();
    await page.waitForTimeout(2_000 * HOLD_SECONDS);
    await page.reload();
    await page.getByText('Nothing was charged.').waitFor();
  });
});

describe('a wallet', () => {
  const place = usePlace();

  test('is topped up by card, and pays a part of that out', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person, cards: place.cards });
    await page.goto('/app/wallet');
    assert.equal(await page.getByText('Pay out to a card').count(), 0, 'there is nothing to pay out');
    await page.getByLabel('Amount (South Korean Won)').fill('70000');
    await page.getByRole('button', { name: 'Top up by card' }).click();
    await frameOf(page).getByLabel('Card number').waitFor();
    await page.reload();
    await frameOf(page).getByLabel('Card number').waitFor();
    await typeCard(page, GOOD);
    await page.getByRole('button', { name: 'Pay ₩70,000' }).click();
    await page.getByRole('row', { name: /By card.*\+₩70,000/ }).waitFor();
    assert.equal(await person.balance(), 70_000);
    await page.getByText('Pay out to a card').click();
    await page.getByLabel('Amount to pay out (South Korean Won)').fill('20000');
    await page.getByRole('button', { name: 'Pay out', exact: true }).click();
    await page.getByRole('row', { name: /Back to the card.*-₩20,000/ }).waitFor();
    assert.equal(await person.balance(), 50_000);
  });

  test('says what cannot be paid out, and why', async (t) => {
    const person = await Person.signUp(place.api, { money: 30_000 });
    const page = await openWindow(t, place, { person, cards: place.cards });
    await page.goto('/app/wallet');
    await page.getByText('Pay out to a card').click();
    await page.getByLabel('Amount to pay out (South Korean Won)').fill('20000');
    await page.getByRole('button', { name: 'Pay out', exact: true }).click();
    const reason = 'At most ₩0 can go back to the cards by which you topped up.';
    await page.getByRole('alert').getByText(reason).waitFor();
    assert.equal(await person.balance(), 30_000);
  });

  test('is topped up in another way after a change of mind, or is told that it would have too much', async (t) => {
    const person = await Person.signUp(place.api, { money: 1_000 });
    const page = await openWindow(t, place, { person, cards: place.cards });
    await page.goto('/app/wallet');
    await page.getByLabel('Amount (South Korean Won)').fill('10000000');
    await page.getByRole('button', { name: 'Top up by card' }).click();
    await page.getByText(/too large|daily|limit|at most/i).waitFor();
    await page.getByRole('button', { name: 'Top up another way' }).click();
    await page.getByRole('button', { name: 'Top up', exact: true }).click();
    await page.getByRole('row', { name: /Top-up.*\+₩100,000/ }).waitFor();
  });
});
