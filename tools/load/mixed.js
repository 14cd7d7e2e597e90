// A mixed day at an open rate: few people, then a rush, then few again. Of them some look, some buy seats, some buy in
// the shop, some claim a coupon, and some give back what they have just bought. Fails when an answer is none of those
// that are right, when the wallets paid for something else than was sold, or when the mean of any kind of flow is over
// half a second.
//
//   cargo run --release -- --in-memory
//   k6 run -e RATE=40 -e TIME=30 tools/load/mixed.js
//
// RATE  people of all kinds that come in a second of the rush; 40
// TIME  seconds of the day; 30

import exec from 'k6/execution';
import { check, sleep } from 'k6';
import { administrator, call, expected, keyOf, setting } from './lib/api.js';
import { balances, people } from './lib/accounts.js';
import { STATISTICS, flow, summary, swelling, thresholds } from './lib/flows.js';
import { SEAT_PRICE, SEATS_PER_USER, giveBack, hall, hold, pay, seatOf, sold } from './lib/seats.js';
import { UNIT_PRICE, available, claim, coupon, order, product } from './lib/shop.js';

const RATE = setting('RATE', 40);
const TIME = setting('TIME', 30);
// Who comes, in shares of the rate.
const SHARES = { views: 0.4, seats: 0.25, orders: 0.2, coupons: 0.1, refunds: 0.05 };
const KINDS = Object.keys(SHARES);
const rateOf = (kind) => Math.max(1, Math.round(RATE * SHARES[kind]));
const FLOWS = (rateOf('seats') + rateOf('refunds')) * TIME;
const UNITS = Math.ceil((rateOf('orders') * TIME) / 2);
// Stages are rounded up to whole seconds.
const CLAIMERS = rateOf('coupons') * (TIME + 4) + 1;
const COUPONS = Math.ceil(CLAIMERS / 4);
// No two flows of one buyer should meet in a wallet: each comes again after some seconds.
const BUYERS = Math.max(RATE * 4, Math.ceil(FLOWS / SEATS_PER_USER) * 2);
const MONEY = 5000000;
// What is told of a product is at most so old.
const REMEMBERED_SECONDS = 1.1;

export const options = {
  setupTimeout: '15m',
  teardownTimeout: '5m',
  summaryTrendStats: STATISTICS,
  scenarios: Object.fromEntries(KINDS.map((kind) => [kind, swelling(kind, rateOf(kind), TIME)])),
  thresholds: thresholds(KINDS, KINDS),
};

export function setup() {
  const run = Date.now();
  const name = run.toString(36);
  const admin = administrator();
  return {
    run,
    ...hall(name, FLOWS * 2, admin),
    product: product(name, UNITS, 8, admin),
    coupon: coupon(name, COUPONS, 4, admin),
    buyers: people(name, BUYERS, MONEY),
    claimers: people(`${name}-coupon`, CLAIMERS, 0),
    began: Date.now(),
  };
}

// The tokens of the buyer of this iteration. Kinds begin at different buyers and have different keys.
function tokens({ run, buyers }) {
  const kind = KINDS.indexOf(exec.scenario.name);
  const index = exec.scenario.iterationInTest;
  const access = buyers[(index + Math.floor((kind * buyers.length) / KINDS.length)) % buyers.length];
  return { access, key: keyOf(run, index * KINDS.length + kind) };
}

export function views({ schedule, sections, product, began }) {
  const section = sections[exec.scenario.iterationInTest % sections.length];
  const paths = [`/schedules/${schedule}/seats?section=${section}`, `/products/${product}`, '/products/popular'];
  flow('views', began, () => paths.every((path) => expected('look', call('GET', path), '200')));
}

// Seats with even numbers are for those who keep them; of ten buyers one wants the seat of the one before.
export function seats(data) {
  const index = exec.scenario.iterationInTest;
  const mine = tokens(data);
  const seat = seatOf(data.sections, 2 * (index % 10 === 9 ? index - 1 : index));
  flow('seats', data.began, () => {
    const reservation = hold(data.schedule, seat, mine);
    return reservation !== undefined && pay(reservation, mine);
  });
}

export function refunds(data) {
  const mine = tokens(data);
  const seat = seatOf(data.sections, 2 * exec.scenario.iterationInTest + 1);
  flow('refunds', data.began, () => {
    const reservation = hold(data.schedule, seat, mine);
    return reservation !== undefined && pay(reservation, mine) && giveBack(reservation, mine);
  });
}

export function orders(data) {
  flow('orders', data.began, () => order(data.product, tokens(data)));
}

export function coupons({ coupon, claimers, began }) {
  const access = claimers[exec.scenario.iterationInTest % claimers.length];
  flow('coupons', began, () => claim(coupon, { access }));
}

// What the wallets are short of is what was sold and not given back.
export function teardown({ schedule, product, buyers }) {
  sleep(REMEMBERED_SECONDS);
  const units = UNITS - available(product);
  const spent = BUYERS * MONEY - balances(buyers);
  check(sold(schedule), {
    'the wallets paid for what is sold': (seats) => spent === seats * SEAT_PRICE + units * UNIT_PRICE,
  });
}

export const handleSummary = (data) => summary(data, KINDS, `a mixed day of ${TIME} s, ${RATE}/s in its rush`);
