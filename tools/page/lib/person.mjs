/** People who use the API directly: an organiser who prepares a sale, and buyers beside the one in the browser. */

import { randomUUID } from 'node:crypto';

const PASSWORD = 'lantern-quarry-58';
const DAY_MS = 86_400_000;

/** Somebody with an account. */
export class Person {
  /** @param {string} api @param {{ email: string, password: string }} account @param {string} access */
  constructor(api, account, access) {
    this.api = api;
    this.account = account;
    this.access = access;
  }

  /**
   * A new account with so much money; without any it has no wallet.
   * @param {string} api @param {{ money?: number, name?: string }} [options]
   */
  static async signUp(api, { money = 1_000_000, name = 'Visitor' } = {}) {
    const account = { email: `${randomUUID()}@onsale.local`, password: PASSWORD };
    await request(api, 'POST', '/users', { body: { ...account, name } });
    const person = await Person.logIn(api, account);
    if (money > 0) {
      await person.ask('POST', '/wallet', {});
      await person.ask('POST', '/wallet/charges', { amount: money });
    }
    return person;
  }

  /** @param {string} api @param {{ email: string, password: string }} account */
  static async logIn(api, account) {
    const { access_token: access } = await request(api, 'POST', '/sessions', { body: account });
    return new this(api, account, access);
  }

  /**
   * The body of a success; a refusal is thrown.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {string} [queueToken]
   */
  ask(method, path, body, queueToken) {
    return request(this.api, method, path, { body, access: this.access, queueToken });
  }

  /** @param {string} scheduleId @param {string[]} seatIds @param {string} [queueToken] */
  hold(scheduleId, seatIds, queueToken) {
    return this.ask('POST', '/reservations', { schedule_id: scheduleId, seat_ids: seatIds }, queueToken);
  }

  /** @param {string} reservationId @param {string} [queueToken] */
  pay(reservationId, queueToken) {
    return this.ask('POST', '/payments', { reservation_id: reservationId }, queueToken);
  }

  /** @param {string} scheduleId @param {string[]} seatIds */
  async buy(scheduleId, seatIds) {
    const reservation = await this.hold(scheduleId, seatIds);
    await this.pay(reservation.reservation_id);
    return reservation;
  }

  /** @param {string} productId @param {number} quantity */
  order(productId, quantity = 1) {
    return this.ask('POST', '/orders', { items: [{ product_id: productId, quantity }], pay: true });
  }

  async balance() {
    return (await this.ask('GET', '/wallet')).balance;
  }

  /** The present entry of a queue. @param {string} queueId */
  join(queueId) {
    return this.ask('POST', `/queues/${queueId}/tokens`);
  }
}

/** The administrator of the demo data. */
export class Organiser extends Person {
  /** @param {string} api */
  static logInAt(api) {
    return Organiser.logIn(api, { email: 'admin@onsale.local', password: 'onsale-admin-1' });
  }

  /** @param {string} queueId @param {Record<string, unknown>} settings */
  setQueue(queueId, settings) {
    return this.ask('PUT', `/queues/${queueId}`, { capacity: 2, admit_per_second: 5, active_minutes: 10, ...settings });
  }

  /**
   * A new concert with one date.
   * @param {{ name?: string, queueId?: string, opensInMs?: number, rows?: number, seats?: number, price?: number,
   *   seatsPerUser?: number }} [options]
   */
  async makeConcert({
    name = 'Evening of tests',
    queueId,
    opensInMs = -DAY_MS,
    rows = 4,
    seats = 10,
    price = 50_000,
    seatsPerUser = 4,
  } = {}) {
    const { concert_id: concertId } = await this.ask('POST', '/concerts', {
      name,
      description: 'Music.',
      queue_id: queueId ?? null,
    });
    const at = (/** @type {number} */ ms) => new Date(Date.now() + ms).toISOString();
    const { schedule_id: scheduleId } = await this.ask('POST', `/concerts/${concertId}/schedules`, {
      place: 'Hall of tests',
      starts_at: at(30 * DAY_MS),
      sale_opens_at: at(opensInMs),
      sale_closes_at: at(29 * DAY_MS),
      max_seats_per_user: seatsPerUser,
    });
    await this.ask('POST', `/schedules/${scheduleId}/seats`, {
      section: 'A',
      price,
      rows: Array.from({ length: rows }, (_, row) => ({ row: `${row + 1}`, from: 1, to: seats })),
    });
    return {
      concertId,
      scheduleId,
      concertPath: `/app/concerts/${concertId}`,
      seatsPath: `/app/concerts/${concertId}/dates/${scheduleId}`,
    };
  }
}

/** The concert of this name, with its first date. @param {string} api @param {string} name */
export async function findConcert(api, name) {
  const { items } = await request(api, 'GET', `/concerts?query=${encodeURIComponent(name)}`, {});
  const { concert_id: concertId } = items[0];
  const { schedules } = await request(api, 'GET', `/concerts/${concertId}`, {});
  const scheduleId = schedules[0].schedule_id;
  return {
    concertId,
    scheduleId,
    concertPath: `/app/concerts/${concertId}`,
    seatsPath: `/app/concerts/${concertId}/dates/${scheduleId}`,
  };
}

/**
 * @param {string} api @param {string} method @param {string} path
 * @param {{ body?: unknown, access?: string, queueToken?: string }} options
 */
export async function request(api, method, path, { body, access, queueToken }) {
  const headers = new Headers();
  const optional = {
    'content-type': body && 'application/json',
    authorization: access && `Bearer ${access}`,
    'queue-token': queueToken,
    'idempotency-key': method === 'POST' && randomUUID(),
  };
  Object.entries(optional).forEach(([name, value]) => value && headers.set(name, String(value)));
  const response = await fetch(api + path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${method} ${path}: ${response.status} ${text}`);
  }
  return text ? JSON.parse(text) : undefined;
}
