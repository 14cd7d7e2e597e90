/** The waiting queue, as people see it who reload, open tabs, change devices, look away and lose their network. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { logIn, openWindow } from '../lib/browser.mjs';
import { Person } from '../lib/person.mjs';
import { usePlace } from '../lib/place.mjs';

const POLL = '**/tokens/me';

describe('the waiting queue', () => {
  const place = usePlace();

  /**
   * A concert behind a queue of its own.
   * @param {Record<string, unknown>} [settings]
   * @param {Record<string, unknown>} [hall]
   */
  async function openQueue(settings = {}, hall = {}) {
    const queueId = `queue-${randomUUID()}`;
    await place.organiser.setQueue(queueId, settings);
    const concert = await place.organiser.makeConcert({ queueId, ...hall });
    return { queueId, ...concert };
  }

  /** The same with one place, which somebody keeps. @param {Record<string, unknown>} [hall] */
  async function openBusyQueue(hall) {
    const opened = await openQueue({ capacity: 1 }, hall);
    await (await Person.signUp(place.api, { money: 0 })).join(opened.queueId);
    return opened;
  }

  const numberOf = (/** @type {any} */ page) => page.getByText(/^Your number is \d+\.$/).textContent();

  /** Joins from the page. @param {any} page @param {string} path */
  async function join(page, path) {
    await page.goto(path);
    await page.getByRole('button', { name: 'Join the queue' }).click();
  }

  test('asks for a log-in in place, calls, and leads to the seats and the ticket', async (t) => {
    const person = await Person.signUp(place.api);
    const { queueId, concertPath } = await openQueue({ paused: true });
    const page = await openWindow(t, place);
    await join(page, concertPath);
    await logIn(page, person);
    await page.locator('#next', { hasText: 'The queue is paused.' }).waitFor();
    assert.match(await page.title(), /^0 people ahead/);
    await place.organiser.setQueue(queueId, {});
    // It was called while it looked on, so the seats open by themselves.
    await page.getByRole('button', { name: 'Hold best seats' }).click();
    await page.getByRole('button', { name: 'Pay ₩100,000' }).click();
    await page.getByRole('button', { name: 'Print' }).waitFor();
    await page.goto(concertPath);
    await page.getByText('You have used this turn.').waitFor();
  });

  test('calls in the title of a page said to be hidden (simulated), and leads on once it is shown', async (t) => {
    const person = await Person.signUp(place.api);
    const { queueId, concertPath } = await openQueue({ capacity: 0 });
    const page = await openWindow(t, place, { person });
    await join(page, concertPath);
    await page.locator('#ahead').waitFor();
    await sayHidden(page, true);
    await place.organiser.setQueue(queueId, {});
    await page.waitForFunction(() => document.title.startsWith('It is your turn'));
    await page.getByRole('link', { name: /^Choose seats · / }).waitFor();
    await sayHidden(page, false);
    await page.waitForURL('**/dates/*');
    await page.getByRole('timer').waitFor();
  });

  test('is polled by one of two tabs, and both show it; the other takes over when that one is closed', async (t) => {
    const person = await Person.signUp(place.api);
    const { queueId, concertPath } = await openQueue({ capacity: 0 });
    const first = await openWindow(t, place, { person });
    const second = await first.context().newPage();
    const polls = { first: 0, second: 0 };
    const isPoll = (/** @type {any} */ request) => request.url().endsWith('/tokens/me');
    first.on('request', (/** @type {any} */ request) => {
      polls.first += Number(isPoll(request));
    });
    second.on('request', (/** @type {any} */ request) => {
      polls.second += Number(isPoll(request));
    });
    await join(first, concertPath);
    await first.locator('#ahead').waitFor();
    await second.goto(concertPath);
    await second.locator('#ahead').waitFor();
    await place.organiser.setQueue(queueId, { capacity: 0, message: 'The band is late.' });
    await Promise.all([first, second].map((page) => page.getByText('The band is late.').waitFor()));
    assert.ok(polls.first > 0, 'the first tab polls');
    assert.equal(polls.second, 0, 'the second tab listens');
    assert.equal(await numberOf(first), await numberOf(second));
    await first.close();
    await place.organiser.setQueue(queueId, { capacity: 0, message: 'The band is here.' });
    await second.getByText('The band is here.').waitFor();
    assert.ok(polls.second > 0, 'the second tab has taken over');
  });

  test('has the same place after a reload, and on another device', async (t) => {
    const person = await Person.signUp(place.api);
    const { queueId, concertPath } = await openQueue({ capacity: 0 });
    await (await Person.signUp(place.api, { money: 0 })).join(queueId);
    const page = await openWindow(t, place, { person });
    await join(page, concertPath);
    const number = await numberOf(page);
    assert.equal(number, 'Your number is 2.');
    await page.locator('#ahead', { hasText: /^1\s*person ahead of you$/ }).waitFor();
    await page.reload();
    assert.equal(await numberOf(page), number);
    const other = await openWindow(t, place, { person });
    await join(other, concertPath);
    assert.equal(await numberOf(other), number);
  });

  test('is polled at once by a page that was said to be hidden (simulated) when it is shown again', async (t) => {
    const person = await Person.signUp(place.api);
    const { concertPath } = await openBusyQueue();
    const page = await openWindow(t, place, { person });
    await join(page, concertPath);
    await page.locator('#ahead').waitFor();
    await sayHidden(page, true);
    // Failures make the poller wait longer and longer, as a device that sleeps does.
    await page.context().route(POLL, (/** @type {any} */ route) => route.abort());
    for (let failures = 0; failures < 3; failures += 1) {
      await page.waitForEvent('requestfailed', (/** @type {any} */ request) => request.url().endsWith('/tokens/me'));
    }
    await page.getByText('We cannot reach the queue right now').waitFor();
    await page.context().unroute(POLL);
    const polled = page.waitForResponse(POLL, { timeout: 900 });
    await sayHidden(page, false);
    await polled;
    await page.locator('#next', { hasText: 'You need not refresh.' }).waitFor();
  });

  test('keeps the place of somebody who is offline for a while, and goes on by itself', async (t) => {
    const person = await Person.signUp(place.api);
    const { queueId, concertPath } = await openQueue({ capacity: 0 });
    const page = await openWindow(t, place, { person });
    await join(page, concertPath);
    const number = await numberOf(page);
    await page.context().setOffline(true);
    await page.getByText('You are offline. Your place is kept.').waitFor();
    await page.getByText('We cannot reach the queue right now').waitFor();
    await place.organiser.setQueue(queueId, { capacity: 0, message: 'Doors open late.' });
    assert.equal(await numberOf(page), number);
    await page.context().setOffline(false);
    await page.getByText('Doors open late.').waitFor();
    assert.equal(await page.getByText('You are offline. Your place is kept.').isVisible(), false);
    assert.equal(await numberOf(page), number);
  });

  test('says at once that every seat is taken, and that the sale is over', async (t) => {
    const person = await Person.signUp(place.api);
    const { queueId, concertPath, scheduleId } = await openBusyQueue({ rows: 1, seats: 2, price: 0 });
    const page = await openWindow(t, place, { person });
    await join(page, concertPath);
    await page.locator('#next', { hasText: 'You need not refresh.' }).waitFor();
    await place.organiser.buy(scheduleId, ['A-1-1', 'A-1-2']);
    await page.locator('#next', { hasText: 'Every seat is held or sold.' }).waitFor();
    await place.organiser.setQueue(queueId, { capacity: 1, ends_at: new Date(Date.now() - 1_000).toISOString() });
    // Answers may be a second old.
    do {
      await page.reload();
      await page.waitForResponse(POLL);
    } while (!(await page.locator('#next', { hasText: 'The sale is over.' }).isVisible()));
  });

  test('is left by a button, and only after a question', async (t) => {
    const person = await Person.signUp(place.api);
    const { concertPath } = await openQueue({ capacity: 0 });
    const page = await openWindow(t, place, { person });
    await join(page, concertPath);
    await page.getByRole('button', { name: 'Leave the queue' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Back' }).click();
    await page.locator('#ahead').waitFor();
    await page.getByRole('button', { name: 'Leave the queue' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Leave the queue' }).click();
    await page.getByText('You have left the queue.').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Join the queue' }).waitFor();
  });
});

/**
 * Tells a page that it is hidden, or shown again. Tabs in the background stay visible in a browser that is driven, so
 * this is simulated.
 * @param {any} page @param {boolean} isHidden
 */
function sayHidden(page, isHidden) {
  return page.evaluate((/** @type {boolean} */ hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (hidden ? 'hidden' : 'visible'),
    });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);
}
