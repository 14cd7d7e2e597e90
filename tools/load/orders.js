// Orders of one product that is sold out in the middle, at an open rate: buyers come whether or not earlier ones have
// been answered. Each order is placed and paid in one step. Fails when a unit too many or too few was sold, when an
// answer was none of those that are right, or when the mean of successful orders is over half a second.
//
//   cargo run --release -- --in-memory
//   k6 run -e RATE=50 -e TIME=20 -e UNITS=500 tools/load/orders.js
//
// RATE    buyers that come in a second; 50
// TIME    seconds for which they come; 20
// UNITS   of the product; half of the buyers'
// SHARDS  over which its stock is spread; 8
// BUYERS  accounts that they have; RATE × 2

import exec from 'k6/execution';
import { check, sleep } from 'k6';
import { administrator, keyOf, setting } from './lib/api.js';
import { balances, people } from './lib/accounts.js';
import { STATISTICS, flow, steady, summary, thresholds } from './lib/flows.js';
import { UNIT_PRICE, available, order, product } from './lib/shop.js';

const RATE = setting('RATE', 50);
const TIME = setting('TIME', 20);
const UNITS = setting('UNITS', Math.ceil((RATE * TIME) / 2));
const SHARDS = setting('SHARDS', 8);
const BUYERS = setting('BUYERS', RATE * 2);
const MONEY = (RATE * TIME + 1) * UNIT_PRICE;
// What is told of a product is at most so old.
const REMEMBERED_SECONDS = 1.1;

export const options = {
  setupTimeout: '15m',
  teardownTimeout: '5m',
  summaryTrendStats: STATISTICS,
  scenarios: { buyers: steady('buyer', RATE, TIME) },
  thresholds: thresholds(['orders'], ['buyers']),
};

export function setup() {
  const run = Date.now();
  const id = product(run.toString(36), UNITS, SHARDS, administrator());
  return { run, product: id, users: people(run.toString(36), BUYERS, MONEY), began: Date.now() };
}

export function buyer({ run, product, users, began }) {
  const index = exec.scenario.iterationInTest;
  flow('orders', began, () => order(product, { access: users[index % users.length], key: keyOf(run, index) }));
}

// What was sold is what is gone: from the stock, and from the wallets.
export function teardown({ product, users }) {
  sleep(REMEMBERED_SECONDS);
  const left = available(product);
  const spent = BUYERS * MONEY - balances(users);
  check(left, {
    'the wallets paid for what is gone from the stock': () => spent === (UNITS - left) * UNIT_PRICE,
    'nothing is oversold': () => left >= 0,
    'all is sold if enough came': () => left === 0 || RATE * TIME < UNITS,
  });
}

export const handleSummary = (data) => summary(data, ['orders'], `${RATE}/s for ${TIME} s, ${UNITS} units`);
