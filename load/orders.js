// Orders of one product that is sold out in the middle, at an open rate: buyers come whether or not earlier ones have
// been answered. Prints successes and refusals apart; fails when a unit too many or too few was sold, when an answer was
// none of those that are right, or when the mean of successful orders is over half a second.
//
//   cargo run --release -- --in-memory
//   k6 run -e BASE_URL=http://127.0.0.1:3000 -e RATE=50 -e SECONDS=20 -e UNITS=500 load/orders.js
//
// Each order is placed and paid in one step, so a success is a complete flow.

import http from 'k6/http';
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { check, fail } from 'k6';

const API = __ENV.BASE_URL || 'http://127.0.0.1:3000';
const RATE = Number(__ENV.RATE || 50);
const SECONDS = Number(__ENV.SECONDS || 20);
const UNITS = Number(__ENV.UNITS || 500);
const SHARDS = Number(__ENV.SHARDS || 8);
const BUYERS = Number(__ENV.BUYERS || 20);
const ADMIN = { email: 'admin@onsale.local', password: __ENV.ADMIN_PASSWORD || 'onsale-admin-1' };
const PASSWORD = 'seventeen violet harbours';

const sold = new Counter('orders_sold');
const refused = new Counter('orders_refused');
const busy = new Counter('orders_busy');
const wrong = new Counter('orders_wrong');
const took = new Trend('order_success_duration', true);

export const options = {
  scenarios: {
    buyers: {
      executor: 'constant-arrival-rate',
      rate: RATE,
      timeUnit: '1s',
      duration: `${SECONDS}s`,
      preAllocatedVUs: RATE,
      maxVUs: RATE * 10,
    },
  },
  thresholds: {
    orders_wrong: ['count==0'],
    checks: ['rate==1'],
    order_success_duration: ['avg<500'],
  },
};

function post(path, body, token, key) {
  const headers = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  if (key) headers['idempotency-key'] = key;
  return http.post(`${API}${path}`, JSON.stringify(body), { headers });
}

function expected(reply, status) {
  if (reply.status !== status) fail(`${reply.request.method} ${reply.url}: ${reply.status} ${reply.body}`);
  return reply.json();
}

export function logIn(account) {
  return expected(post('/sessions', account), 200).access_token;
}

// A product of UNITS, and buyers with money for all of it.
export function setup() {
  const admin = logIn(ADMIN);
  const run = `${Date.now()}`;
  const product = expected(
    post('/products', { name: `Load ${run}`, price: 10, stock: UNITS, stock_shards: SHARDS }, admin),
    201,
  ).product_id;
  const tokens = [];
  for (let buyer = 0; buyer < BUYERS; buyer += 1) {
    const account = { email: `load-${run}-${buyer}@onsale.local`, password: PASSWORD };
    expected(post('/users', { ...account, name: 'Load' }), 201);
    const token = logIn(account);
    expected(post('/wallet', {}, token), 201);
    expected(post('/wallet/charges', { amount: 10000000 }, token), 201);
    tokens.push(token);
  }
  return { product, tokens };
}

// A key of its own for each order, so that a repeat after 503 cannot buy twice.
function keyOf(iteration) {
  return `00000000-0000-4000-8000-${iteration.toString(16).padStart(12, '0')}`;
}

export default function (data) {
  const iteration = exec.scenario.iterationInTest;
  const token = data.tokens[iteration % data.tokens.length];
  const body = { items: [{ product_id: data.product, quantity: 1 }], pay: true };
  for (let tries = 0; tries < 5; tries += 1) {
    const reply = post('/orders', body, token, keyOf(iteration));
    if (reply.status === 503) {
      busy.add(1);
      continue;
    }
    if (reply.status === 201) {
      sold.add(1);
      took.add(reply.timings.duration);
    } else if (reply.status === 409 && reply.json('code') === 'out-of-stock') {
      refused.add(1);
    } else {
      wrong.add(1);
      console.error(`${reply.status} ${reply.body}`);
    }
    return;
  }
}

// What was sold is what is gone: from the stock, and from the wallets.
export function teardown(data) {
  const product = http.get(`${API}/products/${data.product}`, { headers: { 'cache-control': 'no-cache' } }).json();
  let spent = 0;
  for (const token of data.tokens) {
    const wallet = http.get(`${API}/wallet`, { headers: { authorization: `Bearer ${token}` } }).json();
    spent += 10000000 - wallet.balance;
  }
  const gone = UNITS - product.available;
  check(null, {
    'the wallets paid for what is gone from the stock': () => spent === gone * 10,
    'nothing is oversold': () => product.available >= 0,
    'all is sold if enough came': () => product.available === 0 || RATE * SECONDS < UNITS,
  });
  console.log(`${gone} of ${UNITS} units sold, ${spent} won spent`);
}
