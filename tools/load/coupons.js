// A limited coupon, first come first served, at an open rate. Every caller is somebody else. Fails when one coupon too
// many or too few was given out, when somebody was told that none is left while some were, when an answer was none of
// those that are right, or when the mean of successful claims is over half a second.
//
//   cargo run --release -- --in-memory
//   k6 run -e RATE=50 -e TIME=10 -e COUPONS=100 tools/load/coupons.js
//
// RATE     callers that come in a second; 50
// TIME     seconds for which they come; 10
// COUPONS  how many there are; half of the callers'
// SHARDS   over which they are spread; 4
//
// Callers are signed up before the rush begins; signing up hashes passwords, so that takes a while for many.

import exec from 'k6/execution';
import { check } from 'k6';
import { administrator, setting } from './lib/api.js';
import { people } from './lib/accounts.js';
import { STATISTICS, flow, steady, summary, thresholds } from './lib/flows.js';
import { claim, coupon, holders } from './lib/shop.js';

const RATE = setting('RATE', 50);
const TIME = setting('TIME', 10);
const COUPONS = setting('COUPONS', Math.ceil((RATE * TIME) / 2));
const SHARDS = setting('SHARDS', 4);
// One more may come in the last instant.
const CALLERS = RATE * TIME + 1;

export const options = {
  setupTimeout: '15m',
  teardownTimeout: '5m',
  summaryTrendStats: STATISTICS,
  scenarios: { callers: steady('caller', RATE, TIME) },
  thresholds: thresholds(['coupons'], ['callers']),
};

export function setup() {
  const run = Date.now().toString(36);
  return { coupon: coupon(run, COUPONS, SHARDS, administrator()), users: people(run, CALLERS, 0), began: Date.now() };
}

export function caller({ coupon, users, began }) {
  flow('coupons', began, () => claim(coupon, { access: users[exec.scenario.iterationInTest % users.length] }));
}

// Who holds one is as many as are gone, and as many as there were if enough came.
export function teardown({ coupon, users }) {
  const { left, held } = holders(coupon, users);
  check(left, {
    'each coupon that is gone has one holder, and none is too many': () => held === COUPONS - left && left >= 0,
    'all are gone if enough came': () => left === 0 || RATE * TIME < COUPONS,
  });
}

export const handleSummary = (data) => summary(data, ['coupons'], `${RATE}/s for ${TIME} s, ${COUPONS} coupons`);
