/** The shop, returns, and the session of somebody who comes back. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { logIn, openWindow } from '../lib/browser.mjs';
import { Person } from '../lib/person.mjs';
import { usePlace } from '../lib/place.mjs';

describe('a shop of another currency in which top-ups are closed', () => {
  const place = usePlace({ CURRENCY: 'KWD', FREE_TOP_UPS: 'false' });

  test('shows prices with its decimals, and takes a top-up by card only', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const { product_id: productId } = await place.organiser.ask('POST', '/products', {
      name: 'Scarf',
      price: 20_050,
      stock: 9,
    });
    const page = await openWindow(t, place, { person });
    await page.goto(`/app/shop/${productId}`);
    await page.getByRole('button', { name: 'Buy now · KWD 20.050' }).click();
    await page.getByText('Your balance is too small, and nothing was ordered.').waitFor();
    await page.getByRole('button', { name: 'Pay by card' }).waitFor();
    await page.getByText('Pay by card here, or fill your wallet first: Top up by card').waitFor();
    await page.getByRole('link', { name: 'Top up by card' }).click();
    await page.getByRole('button', { name: 'Top up by card' }).waitFor();
    assert.equal(await page.locator('#balance').textContent(), 'KWD\u00a00.000');
    assert.equal(await page.getByRole('button', { name: 'Top up', exact: true }).count(), 0);
  });

  for (const { locale, texts, link } of [
    {
      locale: 'en-GB',
      texts: ['Your balance is too small. Your seats stay held.', 'Pay by card here, or fill your wallet first:'],
      link: 'Top up by card',
    },
    {
      locale: 'ko-KR',
      texts: ['잔액이 부족합니다. 좌석은 유지됩니다.', '여기서 카드로 결제하거나 먼저 지갑을 충전해 주세요:'],
      link: '카드로 충전하기',
    },
  ]) {
    test(`leads a cart without the money to a card, in ${locale}`, async (t) => {
      const person = await Person.signUp(place.api, { money: 0 });
      const { scheduleId } = await place.organiser.makeConcert();
      const { reservation_id: id } = await person.hold(scheduleId, ['A-1-1']);
      const page = await openWindow(t, place, { person, locale });
      await page.goto(`/app/cart/${id}`);
      for (const text of texts) {
        await page.getByText(text).waitFor();
      }
      await page.getByRole('radio', { name: /By card|카드로/ }).waitFor();
      await page.getByRole('link', { name: link }).click();
      await page.getByRole('button', { name: link }).waitFor();
    });
  }
});

describe('a shop that takes neither cards nor top-ups', () => {
  const place = usePlace({ FREE_TOP_UPS: 'false', CARD_PROVIDER_URL: '' });

  test('says so, and offers no card', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const { scheduleId } = await place.organiser.makeConcert();
    const { reservation_id: id } = await person.hold(scheduleId, ['A-1-1']);
    const page = await openWindow(t, place, { person });
    await page.goto(`/app/cart/${id}`);
    await page.getByText('You cannot top up your wallet in this shop.').waitFor();
    assert.equal(await page.getByRole('radio').count(), 0);
    assert.equal(await page.getByRole('link', { name: 'Top up by card' }).count(), 0);
  });
});

describe('a shop of another currency', () => {
  const place = usePlace({ CURRENCY: 'USD' });

  test('takes a top-up in main units, with decimals', async (t) => {
    const person = await Person.signUp(place.api, { money: 1_000 });
    const page = await openWindow(t, place, { person });
    await page.goto('/app/wallet');
    await page.getByText('A top-up costs nothing here').waitFor();
    await page.getByLabel('Amount (US Dollar)').fill('12.34');
    await page.getByRole('button', { name: 'Top up', exact: true }).click();
    await page.locator('#balance', { hasText: 'US$22.34' }).waitFor();
    assert.equal(await person.balance(), 2_234);
  });
});

describe('the shop', () => {
  const place = usePlace();

  test('sells a product with a coupon from a link', async (t) => {
    const person = await Person.signUp(place.api);
    const { product_id: productId } = await place.organiser.ask('POST', '/products', {
      name: 'Scarf',
      price: 20_000,
      stock: 9,
    });
    const at = (/** @type {number} */ ms) => new Date(Date.now() + ms).toISOString();
    const { coupon_id: couponId } = await place.organiser.ask('POST', '/coupons', {
      name: 'Warm winter',
      quantity: 5,
      discount: { kind: 'amount', value: 3_000 },
      valid_from: at(-60_000),
      valid_until: at(3_600_000),
    });
    const page = await openWindow(t, place, { person });
    await page.goto(`/app/shop?coupon=${couponId}`);
    await page.getByRole('button', { name: 'Claim coupon' }).click();
    await page.getByText('It is yours: Warm winter · ₩3,000 off').waitFor();
    await page.goto(`/app/shop/${productId}`);
    await page.getByLabel('Quantity').selectOption('2');
    await page.getByText('Use a coupon').first().click();
    await page.locator('#coupon option', { hasText: 'Warm winter' }).waitFor({ state: 'attached' });
    await page.getByLabel('Use a coupon').selectOption({ label: 'Warm winter · ₩3,000 off' });
    await page.getByRole('button', { name: 'Buy now · ₩40,000' }).click();
    await page.getByText('Scarf × 2').waitFor();
    await page.getByText('₩37,000').waitFor();
    assert.equal(await person.balance(), 963_000);
  });

  test('takes an order back, and gives the money back', async (t) => {
    const person = await Person.signUp(place.api);
    const { product_id: productId } = await place.organiser.ask('POST', '/products', {
      name: 'Gloves',
      price: 20_000,
      stock: 9,
    });
    const page = await openWindow(t, place, { person });
    await page.goto(`/app/shop/${productId}`);
    await page.getByRole('button', { name: 'Buy now · ₩20,000' }).click();
    await page.getByRole('button', { name: 'Cancel and refund' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel and refund' }).click();
    await page.locator('.state', { hasText: 'Cancelled' }).waitFor();
    assert.equal(await person.balance(), 1_000_000);
  });

  test('says that a product is sold out', async (t) => {
    const { product_id: productId } = await place.organiser.ask('POST', '/products', {
      name: 'Hat',
      price: 20_000,
      stock: 1,
    });
    await (await Person.signUp(place.api)).order(productId);
    const page = await openWindow(t, place);
    await page.goto(`/app/shop/${productId}`);
    await page.getByRole('button', { name: 'Sold out' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Sold out' }).isDisabled(), true);
  });
});

describe('somebody with tickets', () => {
  const place = usePlace();

  test('returns one of two after a question, and has its price back', async (t) => {
    const person = await Person.signUp(place.api);
    const { scheduleId } = await place.organiser.makeConcert();
    await person.buy(scheduleId, ['A-1-1', 'A-1-2']);
    const page = await openWindow(t, place, { person });
    await page.goto('/app/tickets');
    await page.getByRole('link', { name: 'Evening of tests' }).click();
    const ticket = page.locator('.ticket', { hasText: 'A-1-2' });
    await ticket.getByRole('button', { name: 'Return ticket' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('₩50,000 goes back the way you paid.').waitFor();
    await dialog.getByRole('button', { name: 'Return ticket' }).click();
    await ticket.getByText('Cancelled').waitFor();
    await page.locator('.ticket', { hasText: 'A-1-1' }).getByRole('button', { name: 'Return ticket' }).waitFor();
    assert.equal(await person.balance(), 950_000);
    await page.goto('/app/wallet');
    await page.getByRole('row', { name: /Refund/ }).waitFor();
  });

  test('is still logged in after a reload, and logged out in every tab after a log-out in one', async (t) => {
    const person = await Person.signUp(place.api, { name: 'Haneul' });
    const first = await openWindow(t, place);
    await first.goto('/app/account');
    await logIn(first, person);
    await first.getByRole('heading', { name: 'Haneul' }).waitFor();
    await first.reload();
    await first.getByRole('heading', { name: 'Haneul' }).waitFor();
    const second = await first.context().newPage();
    await second.goto('/app/tickets');
    await second.getByText('You have no tickets yet.').waitFor();
    await first.getByRole('button', { name: 'Log out' }).click();
    await first.getByLabel('Password').waitFor();
    await second.getByLabel('Password').waitFor();
    await second.reload();
    await second.getByLabel('Password').waitFor();
    assert.deepEqual(
      (await first.context().cookies()).filter((/** @type {any} */ { name }) => name.includes('refresh')),
      [],
    );
  });

  test('does not notice that the gateway refuses an access token that has ended', async (t) => {
    const person = await Person.signUp(place.api);
    const page = await openWindow(t, place, { person });
    let refreshes = 0;
    page.on('request', (/** @type {any} */ request) => {
      refreshes += Number(request.url().endsWith('/sessions/refresh'));
    });
    await page.route(
      '**/wallet/entries',
      (/** @type {any} */ route) => route.fulfill({ status: 403, json: { message: 'Forbidden' } }),
      { times: 1 },
    );
    await page.goto('/app/wallet');
    await page.getByRole('row', { name: /Top-up/ }).waitFor();
    assert.equal(refreshes, 2, 'one to begin with, and one for the refusal');
  });

  test('signs up, and is told what a password must be', async (t) => {
    const page = await openWindow(t, place);
    await page.goto('/app/tickets');
    await page.getByRole('button', { name: 'New here? Create an account' }).click();
    await page.getByLabel('Name').fill('Byeol');
    await page.getByLabel('E-mail address').fill('byeol@onsale.local');
    await page.getByLabel('Password').fill('short');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password').fill('lantern-quarry-58');
    await page.keyboard.press('Enter');
    await page.getByText('You have no tickets yet.').waitFor();
  });
});
