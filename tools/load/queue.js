// An on-sale with a waiting queue: people join, poll, are admitted, hold a seat, and pay or leave.
//
//   cargo run --release -- --in-memory          # in one terminal
//   k6 run tools/load/queue.js                        # in another
//   k6 run -e PEOPLE=2000 -e CAPACITY=200 -e RATE=50 tools/load/queue.js
//
// BASE_URL        where the API is; http://127.0.0.1:3000
// PEOPLE          how many come; 200, rounded up to twenties
// RATE            how many of them come in a second; 20
// CAPACITY        places of the queue; 20
// ADMIT           numbers it calls in a second; RATE
// PATIENCE        people poll so many times later than they are told they may; 1, and never less
// NEAR_SECONDS    people poll with their token once they may be called within so many seconds; further back they read
//                 the public number; 60
// CAPACITY_BOUND  places in use that the run allows; CAPACITY. A smaller one must make it fail
// ADMIN_EMAIL, ADMIN_PASSWORD  an administrator; the local stack's
//
// People do what docs/queue.md, "What a client does", says. It fails on what is wrong, never on what is slow. Who is
// refused truthfully is counted apart from who bought. Users, queue, concert and seats are its own, new in every run.
// Access tokens last 15 minutes, so a run must be over by then. A deployed stack takes 300 sign-ups from an address
// before it asks for pauses: raise SignUpSourceFreeAttempts and LogInSourceFreeAttempts there.
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { sleep } from 'k6';
import { administrator, call, expected, needed, refusal, setting, surprised } from './lib/api.js';
import { GROUP, people } from './lib/accounts.js';
import { STATISTICS, completed, steady, summary, thresholds } from './lib/flows.js';
import { SEAT_PRICE, hall } from './lib/seats.js';

const PEOPLE = Math.ceil(setting('PEOPLE', 200) / GROUP) * GROUP;
const RATE = setting('RATE', 20);
const CAPACITY = setting('CAPACITY', 20);
const ADMIT = setting('ADMIT', RATE);
const PATIENCE = Math.max(1, Number(__ENV.PATIENCE || 1));
const NEAR_SECONDS = setting('NEAR_SECONDS', 60);
const CAPACITY_BOUND = setting('CAPACITY_BOUND', CAPACITY);

const CLAIM_SECONDS = 60;
// A batch stays open so much longer, because clocks differ.
const CLAIM_GRACE_SECONDS = 30;
// Shortest and longest pause between two looks at the public number, and the share of the shortest possible wait that is
// slept in between: as the answers to polls have it.
const LOOK_SECONDS = [2, 120];
const SLEPT_OF_LEAST = 0.75;
// The longest that anybody waits: everybody before comes in, holds a place for six seconds, or misses a claim window.
const MISSED_SECONDS = (Math.ceil(PEOPLE / GROUP) * 2 * (CLAIM_SECONDS + CLAIM_GRACE_SECONDS)) / CAPACITY;
const LONGEST_SECONDS = Math.ceil(60 + (PEOPLE / RATE + PEOPLE / ADMIT + (PEOPLE * 6) / CAPACITY + MISSED_SECONDS) * 2);

// What must not be.
const rises = new Counter('wrong_place_rose');
const overfull = new Counter('wrong_over_capacity');
const stranded = new Counter('wrong_stranded');
// What became of people.
const paid = new Counter('flows_paid');
const released = new Counter('flows_left_after_holding');
const leftWaiting = new Counter('flows_left_while_waiting');
const vanished = new Counter('flows_vanished');
const soldOut = new Counter('flows_without_a_seat');
const toldToStop = new Counter('flows_told_to_stop');
// What was refused, truthfully.
const notYet = new Counter('refused_not_admitted');
const ended = new Counter('refused_token_ended');
const heldBack = new Counter('refused_leaving_with_a_hold');
// How it went.
const waited = new Trend('waited_seconds');
const polls = new Counter('polls');
const looks = new Counter('looks');
const farLooks = new Counter('looks_far_back');

export const options = {
  setupTimeout: '15m',
  summaryTrendStats: STATISTICS,
  scenarios: {
    people: {
      ...steady('person', RATE, Math.ceil(PEOPLE / RATE)),
      preAllocatedVUs: PEOPLE,
      maxVUs: PEOPLE + RATE,
      gracefulStop: `${LONGEST_SECONDS}s`,
    },
    watcher: {
      executor: 'per-vu-iterations',
      exec: 'watcher',
      vus: 1,
      iterations: 1,
      maxDuration: `${LONGEST_SECONDS * 2}s`,
    },
  },
  thresholds: {
    ...thresholds(['queue'], ['people'], true),
    wrong_place_rose: ['count==0'],
    wrong_over_capacity: ['count==0'],
    wrong_stranded: ['count==0'],
    flows_paid: ['count>0'],
    flows_left_after_holding: ['count>0'],
    looks: ['count>0'],
  },
};

// ------------------------------------------------------------------------------------------------------------- setup

export function setup() {
  const run = Date.now().toString(36);
  const admin = administrator();
  const queue = `load-${run}`;
  const settings = { capacity: CAPACITY, admit_per_second: ADMIT, active_minutes: 10, claim_seconds: CLAIM_SECONDS };
  needed('queue', call('PUT', `/queues/${queue}`, settings, admin), '201');
  return { queue, ...hall(run, PEOPLE, admin, queue), users: people(run, PEOPLE, SEAT_PRICE), began: Date.now() };
}

// ------------------------------------------------------------------------------------------------------------ people

export function person({ queue, schedule, sections, users, began }) {
  const index = exec.scenario.iterationInTest;
  if (index >= PEOPLE) return;
  const of = index % GROUP;
  const me = { queue, schedule, access: users[index], section: sections[index % sections.length] };
  const place = join(me, of === 3);
  if (!place) return;
  if (of === 13) {
    // Takes a number and never comes back: it is called, and its place is free again after the claim window.
    vanished.add(1);
    return;
  }
  if (of === 7) {
    leave(me, '204');
    leftWaiting.add(1);
    return;
  }
  if (!wait(me, place)) return;
  let started = Date.now();
  const seats = hold(me);
  const holding = Date.now() - started;
  sleep(1 + (of % 4));
  if (!seats) {
    leave(me, '204');
  } else if (of % 4 === 0) {
    heldBack.add(leave(me, '409 has-live-hold') ? 1 : 0);
    expected('release', call('DELETE', `${seat(me, seats.seat)}/hold`, undefined, me.tokens), '204');
    if (leave(me, '204')) released.add(1);
    over(me, 'left');
  } else {
    started = Date.now();
    const answer = call('POST', '/payments', { reservation_id: seats.reservation }, me.tokens);
    if (expected('pay', answer, '201')) {
      paid.add(1);
      // What they wait for their turn, and think, is theirs and not the API's.
      completed('queue', began, holding + Date.now() - started);
    }
    over(me, 'used');
  }
}

const seat = (me, id) => `/schedules/${me.schedule}/seats/${id}`;
const mine = (me) => `/queues/${me.queue}/tokens/me`;

function join(me, twice) {
  me.joined = Date.now();
  const answer = call('POST', `/queues/${me.queue}/tokens`, undefined, { access: me.access });
  if (!expected('join', answer, '201')) return undefined;
  me.tokens = { access: me.access, queue: answer.body.token };
  if (twice) {
    // As after a lost answer: the same place.
    const again = call('POST', `/queues/${me.queue}/tokens`, undefined, { access: me.access });
    if (expected('join again', again, '200') && again.body.number !== answer.body.number) {
      surprised();
      console.error(`joined twice: ${answer.body.number} and ${again.body.number}`);
    }
  }
  return answer.body;
}

// While `place` is far back, reads the public number, which a CDN answers; gives the position near the front, or none
// once the queue is over.
function comeNear(me, number, sleepSeconds) {
  let pause = sleepSeconds;
  for (;;) {
    sleep(pause * PATIENCE);
    const answer = call('GET', `/queues/${me.queue}`);
    farLooks.add(1);
    if (!expected('look from far back', answer, '200') || answer.body.state === 'over') return false;
    const { serving, admit_per_second: rate, claim_seconds: claim } = answer.body;
    const least = rate > 0 ? (number - serving) / rate : LOOK_SECONDS[1];
    if (least <= NEAR_SECONDS || Date.now() - me.joined > LONGEST_SECONDS * 1000) return true;
    pause = Math.min(Math.max(least * SLEPT_OF_LEAST, LOOK_SECONDS[0]), LOOK_SECONDS[1], claim);
  }
}

// Waits until admitted, and asks as seldom as it is told to: near the front with the queue token alone. The place must
// never rise.
function wait(me, place) {
  let last = place;
  while (last.state === 'waiting') {
    if (Date.now() - me.joined > LONGEST_SECONDS * 1000) {
      stranded.add(1);
      console.error(`number ${last.number} was not admitted in ${LONGEST_SECONDS} s`);
      return false;
    }
    // Not before the turn: refused, and nothing lost by it.
    if (last.position > 1 && last.number % 10 === 0) {
      const early = call('PUT', `${seat(me, `${me.section}-1-1`)}/hold`, undefined, me.tokens);
      if (expected('hold too early', early, '403 queue-token-not-admitted')) notYet.add(1);
    }
    const far = last.position > ADMIT * NEAR_SECONDS;
    // Nothing to wait for: the queue is over.
    if (last.retry_after_ms === undefined || (far && !comeNear(me, last.number, last.retry_after_ms / 1000))) {
      toldToStop.add(1);
      return false;
    }
    if (!far) sleep((last.retry_after_ms / 1000) * PATIENCE);
    const answer = call('GET', mine(me), undefined, { queue: me.tokens.queue });
    polls.add(1);
    if (!expected('poll', answer, '200')) return false;
    if (answer.body.position > last.position) {
      rises.add(1);
      console.error(`number ${last.number}: place ${last.position}, then ${answer.body.position}`);
    }
    last = answer.body;
    if (last.token) me.tokens.queue = last.token;
  }
  waited.add((Date.now() - me.joined) / 1000);
  if (last.state === 'admitted') return true;
  surprised();
  console.error(`number ${last.number} was called and is ${last.state}`);
  return false;
}

// Holds one of the first free seats, so that people meet there; whoever finds it taken takes another.
function hold(me) {
  for (let attempt = 0; attempt < 20; attempt++) {
    const path = `/schedules/${me.schedule}/seats?section=${me.section}&available=true`;
    const list = call('GET', path, undefined, me.tokens);
    if (!expected('list seats', list, '200')) return undefined;
    const free = list.body.items.slice(0, 10);
    if (free.length === 0) break;
    const one = free[Math.floor(Math.random() * free.length)].seat_id;
    const answer = call('PUT', `${seat(me, one)}/hold`, undefined, me.tokens);
    if (!expected('hold', answer, '201', '409 seat-taken')) return undefined;
    if (answer.status === 201) return { seat: one, reservation: answer.body.reservation_id };
    refusal('seat-taken');
    sleep(0.2);
  }
  soldOut.add(1);
  return undefined;
}

function leave(me, as) {
  return expected('leave', call('DELETE', mine(me), undefined, me.tokens), as);
}

// A place that is over is worth nothing.
function over(me, state) {
  const again = call('PUT', `${seat(me, `${me.section}-1-1`)}/hold`, undefined, me.tokens);
  if (expected('hold after the end', again, '403 queue-token-ended')) ended.add(1);
  sleep(1.1); // what a process remembers of a token is at most a second old
  const answer = call('GET', mine(me), undefined, { queue: me.tokens.queue });
  if (expected('poll after the end', answer, '200') && answer.body.state !== state) {
    surprised();
    console.error(`the place is ${answer.body.state}, not ${state}`);
  }
}

// ----------------------------------------------------------------------------------------------------------- watcher

// Looks at the public numbers each second, until every number has been called: from then on nobody comes in.
export function watcher({ queue }) {
  for (let unseen = 0; unseen < 10; unseen++) {
    const answer = call('GET', `/queues/${queue}`);
    looks.add(1);
    if (expected('look', answer, '200')) {
      unseen = -1;
      const { active, serving, issued } = answer.body;
      if (active > CAPACITY_BOUND) {
        overfull.add(1);
        console.error(`${active} places in use of ${CAPACITY_BOUND}`);
      }
      if (serving > issued) {
        surprised();
        console.error(`number ${serving} was called, and ${issued} given out`);
      }
      if (issued >= PEOPLE && serving >= issued) return;
    }
    sleep(1);
  }
}

export const handleSummary = (data) => summary(data, ['queue'], `${PEOPLE} people, ${RATE}/s, ${CAPACITY} places`);
