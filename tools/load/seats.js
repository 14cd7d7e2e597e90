// Seats without a queue, at an open rate: buyers come whether or not earlier ones have been answered, hold a seat and
// pay it. Of ten, one wants the seat of the one before, and is refused. Fails when an answer is none of those that are
// right, when the wallets paid for another number of seats than were sold, or when the mean of flows is over half a
// second.
//
//   cargo run --release -- --in-memory
//   k6 run -e RATE=50 -e TIME=20 tools/load/seats.js
//
// RATE    buyers that come in a second; 50
// TIME    seconds for which they come; 20
// BUYERS  accounts that they have; RATE × 4, and as many as are needed for 50 seats each

import exec from 'k6/execution';
import { check } from 'k6';
import { administrator, keyOf, setting } from './lib/api.js';
import { balances, people } from './lib/accounts.js';
import { STATISTICS, flow, steady, summary, thresholds } from './lib/flows.js';
import { SEATS_PER_USER, SEAT_PRICE, hall, hold, pay, seatOf, sold } from './lib/seats.js';

const RATE = setting('RATE', 50);
const TIME = setting('TIME', 20);
// One more may come in the last instant.
const FLOWS = RATE * TIME + 1;
const BUYERS = setting('BUYERS', Math.max(RATE * 4, Math.ceil(FLOWS / SEATS_PER_USER)));
const MONEY = Math.ceil(FLOWS / BUYERS) * SEAT_PRICE;
// One of so many wants a seat that is taken.
const LATE_OF = 10;

export const options = {
  setupTimeout: '15m',
  teardownTimeout: '5m',
  summaryTrendStats: STATISTICS,
  scenarios: { buyers: steady('buyer', RATE, TIME) },
  thresholds: thresholds(['seats'], ['buyers']),
};

export function setup() {
  const run = Date.now();
  const { schedule, sections } = hall(run.toString(36), FLOWS, administrator());
  return { run, schedule, sections, users: people(run.toString(36), BUYERS, MONEY), began: Date.now() };
}

export function buyer({ run, schedule, sections, users, began }) {
  const index = exec.scenario.iterationInTest;
  const tokens = { access: users[index % users.length], key: keyOf(run, index) };
  const seat = seatOf(sections, index % LATE_OF === LATE_OF - 1 ? index - 1 : index);
  flow('seats', began, () => {
    const reservation = hold(schedule, seat, tokens);
    return reservation !== undefined && pay(reservation, tokens);
  });
}

// What the wallets are short of is what was sold.
export function teardown({ schedule, users }) {
  const spent = BUYERS * MONEY - balances(users);
  check(sold(schedule), {
    'the wallets paid for the seats that are sold': (seats) => spent === seats * SEAT_PRICE,
  });
}

export const handleSummary = (data) => summary(data, ['seats'], `${RATE}/s for ${TIME} s`);
