// A limited coupon, first come first served, at an open rate. Every caller is somebody else. Prints claims and refusals
// apart; fails when one coupon too many or too few was given out, when somebody was told that none is left while some
// were, or when the mean of successful claims is over half a second.
//
//   cargo run --release -- --in-memory
//   k6 run -e BASE_URL=http://127.0.0.1:3000 -e RATE=50 -e SECONDS=10 -e COUPONS=100 load/coupons.js
//
// Callers are signed up before the rush begins; signing up hashes passwords, so that takes a while for many.

import http from 'k6/http';
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { check, fail } from 'k6';

const API = __ENV.BASE_URL || 'http://127.0.0.1:3000';
const RATE = Number(__ENV.RATE || 50);
const SECONDS = Number(__ENV.SECONDS || 10);
const COUPONS = Number(__ENV.COUPONS || 100);
const SHARDS = Number(__ENV.SHARDS || 4);
const ADMIN = { email: 'admin@onsale.local', password: __ENV.ADMIN_PASSWORD || 'onsale-admin-1' };
const PASSWORD = 'seventeen violet harbours';

const claimed = new Counter('coupons_claimed');
const repeated = new Counter('coupons_claimed_before');
const refused = new Counter('coupons_refused');
const busy = new Counter('coupons_busy');
const wrong = new Counter('coupons_wrong');
const took = new Trend('claim_success_duration', true);

export const options = {
  setupTimeout: '10m',
  scenarios: {
    callers: {
      executor: 'constant-arrival-rate',
      rate: RATE,
      timeUnit: '1s',
      duration: `${SECONDS}s`,
      preAllocatedVUs: RATE,
      maxVUs: RATE * 10,
    },
  },
  thresholds: {
    coupons_wrong: ['count==0'],
    coupons_claimed_before: ['count==0'],
    checks: ['rate==1'],
    claim_success_duration: ['avg<500'],
  },
};

function post(path, body, token) {
  const headers = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  return http.post(`${API}${path}`, JSON.stringify(body), { headers });
}

function expected(reply, status) {
  if (reply.status !== status) fail(`${reply.request.method} ${reply.url}: ${reply.status} ${reply.body}`);
  return reply.json();
}

// A coupon, and one caller for each arrival: RATE × SECONDS, and one that may come in the last instant.
export function setup() {
  const run = `${Date.now()}`;
  const admin = expected(post('/sessions', ADMIN), 200).access_token;
  const coupon = expected(
    post(
      '/coupons',
      {
        name: `Load ${run}`,
        discount: { kind: 'amount', value: 1000 },
        quantity: COUPONS,
        shards: SHARDS,
        valid_from: new Date(Date.now() - 60000).toISOString(),
        valid_until: new Date(Date.now() + 3600000).toISOString(),
      },
      admin,
    ),
    201,
  ).coupon_id;
  const tokens = [];
  for (let caller = 0; caller <= RATE * SECONDS; caller += 1) {
    const account = { email: `claim-${run}-${caller}@onsale.local`, password: PASSWORD };
    expected(post('/users', { ...account, name: 'Load' }), 201);
    tokens.push(expected(post('/sessions', account), 200).access_token);
  }
  return { coupon, tokens };
}

export default function (data) {
  const token = data.tokens[exec.scenario.iterationInTest % data.tokens.length];
  for (let tries = 0; tries < 5; tries += 1) {
    const reply = post(`/coupons/${data.coupon}/claims`, {}, token);
    if (reply.status === 503) {
      busy.add(1);
      continue;
    }
    if (reply.status === 201) {
      claimed.add(1);
      took.add(reply.timings.duration);
    } else if (reply.status === 200) {
      // Ours, if its answer was lost in a 503 before.
      (tries > 0 ? claimed : repeated).add(1);
    } else if (reply.status === 409 && reply.json('code') === 'coupon-exhausted') {
      refused.add(1);
    } else {
      wrong.add(1);
      console.error(`${reply.status} ${reply.body}`);
    }
    return;
  }
}

// Who holds one is as many as are gone, and as many as there were if enough came.
export function teardown(data) {
  const coupon = http.get(`${API}/coupons/${data.coupon}`).json();
  let holders = 0;
  for (const token of data.tokens) {
    const mine = http.get(`${API}/users/me/coupons`, { headers: { authorization: `Bearer ${token}` } }).json();
    holders += mine.items.length;
  }
  check(null, {
    'each coupon that is gone has one holder, and none is too many': () =>
      holders === COUPONS - coupon.remaining && coupon.remaining >= 0,
    'all are gone if enough came': () => coupon.remaining === 0 || RATE * SECONDS < COUPONS,
  });
  console.log(`${holders} of ${COUPONS} coupons claimed`);
}
