/** The poller of a queue by itself: its network, clock and chance are the tests'. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';

const folder = new URL('../../../page/scripts/', import.meta.url);
const file =
  readdirSync(folder, { recursive: true })
    .map(String)
    .find((path) => path.endsWith('poller.js')) ?? '';
// The page's modules have no package around them that would tell Node what they are.
const source = readFileSync(new URL(file, folder), 'utf8');
const { Poller } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const WAITING = { state: 'waiting', queue_state: 'open', number: 7, position: 3, ahead: 2, retry_after_ms: 5_000 };

/** Everything that a poller needs from outside, in the hands of a test. */
class FakeWorld {
  time = 1_000_000;
  chance = 0;
  /** What the next requests get: an answer, or a network that fails. @type {(Response | Error)[]} */
  answers = [];
  /** @type {{ at: number, path: string, headers: Record<string, string> }[]} */
  asked = [];
  /** @type {any[]} */
  reports = [];
  /** @type {Map<number, { at: number, action: () => void }>} */
  timers = new Map();
  #timer = 0;

  now = () => this.time;
  random = () => this.chance;
  report = (/** @type {any} */ report) => {
    this.reports.push(report);
  };
  clearTimeout = (/** @type {number} */ timer) => {
    this.timers.delete(timer);
  };

  setTimeout = (/** @type {() => void} */ action, /** @type {number} */ ms) => {
    this.#timer += 1;
    this.timers.set(this.#timer, { at: this.time + ms, action });
    return this.#timer;
  };

  fetch = async (/** @type {string} */ path, /** @type {any} */ { headers }) => {
    this.asked.push({ at: this.time, path, headers });
    const answer = this.answers.shift() ?? entry(WAITING);
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  };

  /** Lets so much time pass; what is due meanwhile happens at its time. @param {number} ms */
  async pass(ms) {
    const end = this.time + ms;
    for (;;) {
      const [timer, due] = [...this.timers].sort(([, one], [, other]) => one.at - other.at)[0] ?? [];
      if (!due || due.at > end) {
        break;
      }
      this.timers.delete(/** @type {number} */ (timer));
      this.time = Math.max(this.time, due.at);
      due.action();
      // Everything that hangs on the answer of the request runs to its end.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.time = end;
  }

  /** @param {(Response | Error)[]} answers */
  static async started(...answers) {
    const world = new FakeWorld();
    world.answers = answers;
    const poller = new Poller('encore', 'first-token', world);
    poller.wake();
    await world.pass(0);
    return { world, poller };
  }
}

/** @param {Record<string, unknown>} fields */
const entry = (fields) => Response.json(fields);

/** @param {number} status @param {Record<string, string>} [headers] */
const failure = (status, headers) => Response.json({ code: 'busy' }, { status, headers });

describe('the poller', () => {
  test('polls at once when it begins, with the queue token alone', async () => {
    const { world } = await FakeWorld.started();
    assert.deepEqual(world.asked, [
      { at: 1_000_000, path: '/queues/encore/tokens/me', headers: { 'Queue-Token': 'first-token' } },
    ]);
    assert.equal(world.reports[0].entry.position, 3);
  });

  test('waits exactly as long as the answer says', async () => {
    const { world } = await FakeWorld.started();
    await world.pass(4_999);
    assert.equal(world.asked.length, 1);
    await world.pass(1);
    assert.equal(world.asked.length, 2);
  });

  test('sends the newest token', async () => {
    const { world } = await FakeWorld.started(entry({ ...WAITING, token: 'second-token' }), entry(WAITING));
    await world.pass(10_000);
    assert.deepEqual(
      world.asked.map(({ headers }) => headers['Queue-Token']),
      ['first-token', 'second-token', 'second-token'],
    );
  });

  test('does not ask sooner because it is woken', async () => {
    const { world, poller } = await FakeWorld.started();
    await world.pass(2_000);
    poller.wake();
    await world.pass(2_999);
    assert.equal(world.asked.length, 1);
    await world.pass(1);
    assert.equal(world.asked.length, 2);
  });

  test('asks at once when it is woken after its time, as after a sleep', async () => {
    const { world, poller } = await FakeWorld.started();
    // A device that sleeps runs no timers.
    world.time += 180_000;
    poller.wake();
    await world.pass(0);
    assert.equal(world.asked.length, 2);
  });

  test('does not ask twice at once when it is woken twice', async () => {
    const { world, poller } = await FakeWorld.started();
    world.time += 60_000;
    poller.wake();
    poller.wake();
    await world.pass(0);
    assert.equal(world.asked.length, 2);
  });

  test('backs off from a lost network, longer each time and by chance', async () => {
    const { world } = await FakeWorld.started(...Array.from({ length: 9 }, () => new Error('no network')));
    world.chance = 0.999;
    await world.pass(300_000);
    const pauses = world.asked.slice(2, 9).map(({ at }, index) => at - world.asked[index + 1].at);
    assert.ok(
      pauses.every((pause, index) => pause >= (pauses[index - 1] ?? 1_000)),
      `${pauses}`,
    );
    assert.ok(Math.max(...pauses) <= 30_000 && Math.max(...pauses) > 29_000, `${pauses}`);
    assert.equal(world.reports.filter(({ kind }) => kind === 'trouble').length, 9);
  });

  test('forgets its failures after one success', async () => {
    const lost = new Error('no network');
    const { world } = await FakeWorld.started(lost, lost, lost, entry(WAITING), lost, entry(WAITING));
    await world.pass(60_000);
    const succeeded = world.asked[3].at;
    assert.equal(world.asked[4].at - succeeded, WAITING.retry_after_ms);
    assert.equal(world.asked[5].at - world.asked[4].at, 1_000, 'the first pause again');
  });

  test('asks at once when the network is back', async () => {
    const lost = new Error('no network');
    const { world, poller } = await FakeWorld.started(lost, lost, lost, lost);
    world.chance = 0.999;
    await world.pass(15_000);
    const { length } = world.asked;
    poller.wake();
    await world.pass(0);
    assert.equal(world.asked.length, length + 1);
  });

  test('waits at least as long as a busy server says', async () => {
    const { world } = await FakeWorld.started(failure(503, { 'Retry-After': '20' }));
    await world.pass(19_999);
    assert.equal(world.asked.length, 1);
    await world.pass(1);
    assert.equal(world.asked.length, 2);
  });

  test('goes on while the visitor is admitted, as it is told to', async () => {
    const { world } = await FakeWorld.started(
      entry({ ...WAITING, state: 'admitted', retry_after_ms: 20_000, token: 'in' }),
    );
    await world.pass(20_000);
    assert.deepEqual(
      world.asked.map(({ headers }) => headers['Queue-Token']),
      ['first-token', 'in'],
    );
  });

  for (const state of ['used', 'expired', 'left']) {
    test(`ends for good once the place is ${state}`, async () => {
      const { world, poller } = await FakeWorld.started(entry({ ...WAITING, state, retry_after_ms: undefined }));
      await world.pass(600_000);
      poller.wake();
      await world.pass(600_000);
      assert.equal(world.asked.length, 1);
      assert.equal(world.timers.size, 0);
    });
  }

  for (const status of [401, 403, 404]) {
    test(`ends and says so when the token is refused with ${status}`, async () => {
      const { world } = await FakeWorld.started(Response.json({ code: 'queue-token-ended' }, { status }));
      await world.pass(600_000);
      assert.equal(world.asked.length, 1);
      assert.deepEqual(world.reports, [{ kind: 'refused', code: 'queue-token-ended' }]);
    });
  }

  for (const state of ['sold_out', 'over']) {
    test(`of a queue that is ${state} looks at the public number once a minute, until it goes on`, async () => {
      const { world } = await FakeWorld.started(
        entry({ ...WAITING, queue_state: state, retry_after_ms: undefined }),
        Response.json({ state }),
        Response.json({ state: 'open' }),
        entry(WAITING),
      );
      await world.pass(59_999);
      assert.equal(world.asked.length, 1, 'polling has stopped');
      await world.pass(60_001);
      assert.deepEqual(
        world.asked.map(({ at, path }) => [at - 1_000_000, path]),
        [
          [0, '/queues/encore/tokens/me'],
          [60_000, '/queues/encore'],
          [120_000, '/queues/encore'],
          [120_000, '/queues/encore/tokens/me'],
        ],
      );
    });
  }

  test('is silent once it is stopped', async () => {
    const { world, poller } = await FakeWorld.started();
    poller.stop();
    poller.wake();
    await world.pass(600_000);
    assert.equal(world.asked.length, 1);
  });
});
