/** Every screen of the page, for what is asked of each of them: budgets, barriers, languages, pictures. */

import { Person, findConcert, request } from './person.mjs';

/**
 * @typedef {object} Screen
 * @property {string} name
 * @property {string} path
 * @property {Person} [person] Who is logged in.
 * @property {string} ready A selector of what stands there once the screen is whole.
 * @property {string} [cards] The payment provider, on a screen that asks it.
 * @property {(page: any) => Promise<void>} [prepare] Leads from the path to the screen.
 */

const QUEUED = 'encore';
/** The provider's form of a card. */
const FRAME = '.card-frame iframe';
/** The secret of a mail's link. */
const LINK = 'rl1.0000000000000000000000000000000000000000000';

/**
 * Makes what the screens show, and names them.
 * @param {import('./place.mjs').Place} place @returns {Promise<Screen[]>}
 */
export async function furnish({ api, cards, organiser }) {
  await organiser.setQueue(QUEUED, { capacity: 1 });
  const [arena, encore, premiere, unplugged] = await Promise.all(
    ['Arena', 'Encore', 'Premiere', 'Unplugged'].map((name) => findConcert(api, name)),
  );
  const buyer = await Person.signUp(api, { name: 'Mina' });
  const { reservation_id: ticketId } = await buyer.buy(arena.scheduleId, ['Floor-4-9', 'Floor-4-10']);
  const { items: products } = await request(api, 'GET', '/products', {});
  const { order_id: orderId } = await buyer.order(products[0].product_id, 2);
  const { order_id: unpaidId } = await buyer.ask('POST', '/orders', {
    items: [{ product_id: products[0].product_id, quantity: 1 }],
    pay: false,
  });
  const { reservation_id: heldId } = await buyer.hold(arena.scheduleId, ['Balcony-2-3']);
  const { reservation_id: goneId } = await buyer.hold(arena.scheduleId, ['Balcony-9-3']);
  await buyer.ask('DELETE', `/reservations/${goneId}`);
  const poor = await Person.signUp(api, { name: 'Joon', money: 1_000 });
  const { reservation_id: dearId } = await poor.hold(arena.scheduleId, ['Balcony-12-1', 'Balcony-12-2']);
  // One is called and buys nothing, so that the other waits.
  const [called, waiting] = [await Person.signUp(api, { name: 'Sora' }), await Person.signUp(api, { name: 'Bora' })];
  await called.join(QUEUED);
  await waiting.join(QUEUED);
  const join = (/** @type {any} */ page) => page.locator('#join').click();
  // Somebody who is called meanwhile is led to the seats, and looks back from there.
  const comeBack = async (/** @type {any} */ page) => {
    await join(page);
    await page.waitForFunction(
      () => location.pathname.includes('/dates/') || document.querySelector('#queue [role=timer]'),
    );
    await page.goto(encore.concertPath);
  };
  return [
    { name: 'home', path: '/', ready: '.card' },
    { name: 'search without a match', path: '/?query=zzz', ready: '.empty' },
    { name: 'concert', path: arena.concertPath, ready: '.date .choose:visible' },
    { name: 'concert to come', path: premiere.concertPath, ready: '.date' },
    { name: 'concert sold out', path: unplugged.concertPath, ready: '.date[data-state="sold_out"]' },
    { name: 'concert with a queue', path: encore.concertPath, ready: '#join:enabled' },
    { name: 'queue', path: encore.concertPath, person: waiting, ready: '#ahead', prepare: join },
    { name: 'turn', path: encore.concertPath, person: called, ready: '#queue [role=timer]', prepare: comeBack },
    { name: 'hall', path: arena.seatsPath, ready: '.section-buttons' },
    { name: 'seats', path: `${arena.seatsPath}?section=Floor`, ready: 'button.seat[data-state]' },
    { name: 'seats chosen', path: `${arena.seatsPath}?section=Floor`, ready: '#hold:enabled', prepare: chooseTwo },
    {
      name: 'seats from a list',
      path: `${arena.seatsPath}?section=Floor`,
      ready: '#list-add',
      prepare: (page) => page.locator('#list summary').click(),
    },
    {
      name: 'log in over a screen',
      path: arena.seatsPath,
      ready: 'dialog #account-email',
      prepare: (page) => page.locator('#hold-best').click(),
    },
    { name: 'cart', path: `/app/cart/${heldId}`, person: buyer, ready: '#pay' },
    { name: 'cart without enough money', path: `/app/cart/${dearId}`, person: poor, ready: '.top-up' },
    { name: 'cart by card', path: `/app/cart/${heldId}`, person: buyer, ready: FRAME, prepare: chooseCard, cards },
    { name: 'cart that has ended', path: `/app/cart/${goneId}`, person: buyer, ready: '.empty .button' },
    { name: 'tickets', path: '/app/tickets', person: buyer, ready: '.entry' },
    { name: 'no tickets', path: '/app/tickets', person: waiting, ready: '.empty' },
    { name: 'ticket', path: `/app/tickets/${ticketId}`, person: buyer, ready: '.ticket:last-child .door svg' },
    {
      name: 'return of a ticket',
      path: `/app/tickets/${ticketId}`,
      person: buyer,
      ready: 'dialog[open]',
      prepare: (page) => page.locator('.ticket .danger').first().click(),
    },
    { name: 'orders', path: '/app/orders', person: buyer, ready: '.entry' },
    { name: 'order', path: `/app/orders/${orderId}`, person: buyer, ready: '.lines' },
    { name: 'order to be paid', path: `/app/orders/${unpaidId}`, person: buyer, ready: '#pay' },
    { name: 'wallet', path: '/app/wallet', person: buyer, ready: 'table' },
    {
      name: 'wallet by card',
      path: '/app/wallet',
      person: buyer,
      ready: FRAME,
      prepare: async (page) => {
        await page.locator('#by-card').click();
        await page.frameLocator(FRAME).locator('#number').waitFor();
      },
      cards,
    },
    {
      name: 'wallet to be paid out',
      path: '/app/wallet',
      person: buyer,
      ready: '#payout:visible',
      prepare: (page) => page.locator('summary').click(),
    },
    { name: 'shop', path: '/app/shop', ready: '.products .card' },
    { name: 'product', path: `/app/shop/${products[0].product_id}`, person: buyer, ready: '#buy' },
    { name: 'account', path: '/app/account', person: buyer, ready: '.log-in-row' },
    { name: 'account of an organiser', path: '/app/account', person: organiser, ready: '.chips .state' },
    {
      name: 'change of a password',
      path: '/app/account',
      person: buyer,
      ready: 'span.refusal',
      prepare: async (page) => {
        await page.locator('.first button').click();
        await page.locator('#present-password').fill('wrong-password-1');
        await page.locator('#account-new_password').fill('short');
        await page.keyboard.press('Enter');
      },
    },
    {
      name: 'end of a log-in',
      path: '/app/account',
      person: buyer,
      ready: 'dialog[open]',
      prepare: (page) => page.locator('.log-in-row button').first().click(),
    },
    {
      name: 'erasure of an account',
      path: '/app/account',
      person: buyer,
      ready: '#erase-password:focus',
      prepare: (page) => page.locator('section:has(> p) button.danger').last().click(),
    },
    { name: 'log in', path: '/app/account', ready: '#account-email' },
    {
      name: 'sign up',
      path: '/app/account',
      ready: '#account-name',
      prepare: (page) => page.locator('.log-in .link').first().click(),
    },
    {
      name: 'forgotten password',
      path: '/app/account',
      ready: '.log-in .muted',
      prepare: (page) => page.locator('.log-in .link').last().click(),
    },
    { name: 'new password', path: `/app/reset#${LINK}`, ready: '#account-password' },
    { name: 'link that is not whole', path: '/app/reset', ready: '#account-email' },
    { name: 'proof of an address', path: `/app/prove#${LINK}`, ready: 'main .primary' },
    { name: 'no such page', path: '/app/concerts/none', ready: '.empty' },
  ];
}

/** Chooses the card, and waits until the provider's form has its height. @param {any} page */
async function chooseCard(page) {
  await page.locator('.ways input').last().check();
  await page.frameLocator(FRAME).locator('#number').waitFor();
}

/** @param {any} page */
async function chooseTwo(page) {
  await page.locator('[data-seat="Floor-3-10"]').click();
  await page.locator('[data-seat="Floor-3-11"]').click();
}

/** Opens a screen and waits until it is whole. @param {any} page @param {Screen} screen */
export async function show(page, { path, ready, prepare }) {
  await page.goto(path);
  if (prepare) {
    await page.waitForFunction(() => document.readyState === 'complete');
    await prepare(page);
  }
  await page.locator(ready).first().waitFor();
}
