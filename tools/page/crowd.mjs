/** Somebody with a browser in the middle of a crowd: see crowd. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { inWindow } from './lib/browser.mjs';
import { Person, request } from './lib/person.mjs';
import { openPlace } from './lib/place.mjs';

const PEOPLE = Number(process.env.PEOPLE ?? 1_000);
const RATE = Number(process.env.RATE ?? 20);
const CAPACITY = Number(process.env.CAPACITY ?? 60);
const SAMPLE_MS = 250;
/** Answers may be a second old, and a sample later than what it is compared with. */
const AGE_MS_MAX = 1_000 + SAMPLE_MS;
/** Signing up a crowd and letting it through takes minutes on a small machine. */
const PATIENCE_MS = 900_000;

/** @typedef {{ at: number, serving: number, issued: number, state: string }} Sample */

/** Starts the crowd; `ended` is how k6 ends. @param {string} api */
function sendCrowd(api) {
  const settings = { BASE_URL: api, PEOPLE, RATE, ADMIT: RATE, CAPACITY };
  const child = spawn(
    'k6',
    [
      'run',
      '--quiet',
      '--no-color',
      '--address',
      '',
      ...Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
      'tools/load/queue.js',
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, K6_NO_USAGE_REPORT: 'true' } },
  );
  return { child, ended: once(child, 'exit').then(([code]) => code) };
}

/**
 * Asks until there is an answer.
 * @template T
 * @param {() => Promise<T | undefined | false>} look
 * @returns {Promise<T>}
 */
async function until(look) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found) {
      return found;
    }
    assert.ok(Date.now() < end, 'this takes too long');
    await sleep(SAMPLE_MS);
  }
}

/** Notes the public number of a queue, until it is stopped. @param {string} api @param {string} queueId */
function watchQueue(api, queueId) {
  /** @type {Sample[]} */
  const samples = [];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const { serving, issued, state } = await request(api, 'GET', `/queues/${queueId}`, {});
      samples.push({ at: Date.now(), serving, issued, state });
      await sleep(SAMPLE_MS);
    }
  })();
  return {
    samples,
    stop: () => {
      isOver = true;
      return watching;
    },
  };
}

/** Notes each number of people ahead that a page shows. @param {any} page */
async function watchPage(page) {
  /** @type {{ at: number, ahead: number }[]} */
  const shown = [];
  /** @type {{ at: number, state: string, pause: number }[]} */
  const polls = [];
  await page.exposeFunction('note', (/** @type {string} */ text) => {
    const ahead = Number(text.replaceAll(',', ''));
    if (shown.at(-1)?.ahead !== ahead) {
      shown.push({ at: Date.now(), ahead });
    }
  });
  await page.addInitScript(() => {
    new MutationObserver(() => {
      const place = document.querySelector('#ahead .place');
      if (place) {
        /** @type {any} */ (globalThis).note(place.textContent);
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  page.on('response', async (/** @type {any} */ response) => {
    if (response.url().endsWith('/tokens/me') && response.ok()) {
      const poll = { at: Date.now(), state: 'unread', pause: 0 };
      polls.push(poll);
      // The answer that lets the browser in may end the worker that asked for it, and its body is lost then.
      const body = await response.json().catch(() => undefined);
      if (body) {
        Object.assign(poll, { state: body.state, pause: body.retry_after_ms });
      }
    }
  });
  return { shown, polls };
}

/** @param {{ at: number, ahead: number }[]} shown @param {Sample[]} samples @param {number} number */
function assertTruth(shown, samples, number) {
  shown.forEach(({ at, ahead }, index) => {
    assert.ok(ahead <= (shown[index - 1]?.ahead ?? Infinity), `${ahead} people ahead after ${shown[index - 1]?.ahead}`);
    const before = samples.findLast((sample) => sample.at <= at - AGE_MS_MAX)?.serving ?? 0;
    const after = samples.find((sample) => sample.at >= at + AGE_MS_MAX)?.serving ?? Infinity;
    const serving = number - 1 - ahead;
    assert.ok(
      before <= serving && serving <= after,
      `${ahead} people ahead of ${number} means that ${serving} is called; it is ${before} to ${after}`,
    );
  });
}

/**
 * Nobody of the crowd who came later was let in before by more than the settings allow: the numbers that are called
 * between two polls.
 * @param {{ at: number, state: string, pause: number }[]} polls @param {Sample[]} samples @param {number} number
 */
function assertOrder(polls, samples, number) {
  const turn = polls.findIndex(({ state }) => state === 'admitted' || state === 'unread');
  assert.ok(turn >= 0, 'the browser polled until it was let in');
  const { at } = polls[turn];
  const waited = Math.max(polls[turn - 1]?.pause ?? 0, at - (polls[turn - 1]?.at ?? at));
  const { serving } = /** @type {Sample} */ (samples.findLast((sample) => sample.at <= at + AGE_MS_MAX));
  const most = Math.ceil((RATE * (waited + 2 * AGE_MS_MAX)) / 1000);
  assert.ok(serving >= number, `${number} was admitted while ${serving} was called`);
  assert.ok(
    serving - number <= most,
    `${serving - number} later numbers were called before ${number} came in; ${most} may be`,
  );
  polls
    .slice(1)
    .forEach((poll, index) =>
      assert.ok(
        poll.at - polls[index].at >= polls[index].pause * 0.9,
        `polled after ${poll.at - polls[index].at} ms, told ${polls[index].pause}`,
      ),
    );
  return serving - number;
}

/**
 * Joins in the middle, waits, buys, and judges what was shown meanwhile.
 * @param {import('./lib/place.mjs').Place} place @param {{ queue_id: string, concert_id: string }} concert
 */
async function goAlong(place, { queue_id: queueId, concert_id: concertId }) {
  const { samples, stop } = watchQueue(place.api, queueId);
  await inWindow(place, { person: await Person.signUp(place.api) }, async (page) => {
    page.setDefaultTimeout(PATIENCE_MS);
    const { shown, polls } = await watchPage(page);
    await page.goto(`/app/concerts/${concertId}`);
    await page.locator('#join:enabled').waitFor();
    await until(async () => (samples.at(-1)?.issued ?? 0) >= PEOPLE / 2);
    await page.locator('#join').click();
    const number = Number((await page.getByText(/^Your number is /).textContent()).replace(/\D/g, ''));
    const joinedAt = Date.now();
    await page.waitForURL('**/dates/*');
    const waited = Math.round((Date.now() - joinedAt) / 1000);
    await page.locator('#hold-best').click();
    await page.locator('#pay').click();
    await page.locator('.ticket').first().waitFor();
    await stop();
    assertTruth(shown, samples, number);
    const later = assertOrder(polls, samples, number);
    console.log(
      `The browser had number ${number} and waited ${waited} s. It polled ${polls.length} times and showed ` +
        `${shown.map(({ ahead }) => ahead).join(', ')} people ahead, all of them true. ` +
        `It came in when ${later} later numbers had been called, and bought.`,
    );
  });
}

const place = await openPlace();
const { child, ended } = sendCrowd(place.api);
try {
  // The crowd makes its queue and its concert first, signs up, and comes then.
  const failed = ended.then((code) => {
    throw new Error(`k6 ended with ${code} before anybody was let in`);
  });
  const concert = await Promise.race([
    failed,
    until(async () => (await request(place.api, 'GET', '/concerts?query=Load', {})).items[0]),
  ]);
  await Promise.race([failed, goAlong(place, concert)]);
  assert.equal(await ended, 0, 'nothing was wrong in the crowd');
} finally {
  child.kill('SIGKILL');
  await place.close();
}
