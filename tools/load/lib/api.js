// Requests to the API, and answers that are judged: what is a success, what is a refusal that is right, what is wrong.

import http from 'k6/http';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

export const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:3000';
const ADMIN_EMAIL = __ENV.ADMIN_EMAIL || 'admin@onsale.local';
const ADMIN_PASSWORD = __ENV.ADMIN_PASSWORD || 'onsale-admin-1';
// How often a request is sent that is answered with 503, which promises nothing and may be repeated with the same key.
const TRIES_MAX = 5;

const serverErrors = new Counter('wrong_server_error');
const surprises = new Counter('wrong_answer');
const busy = new Counter('answers_busy');
const refused = new Counter('refused');

// A refusal is an answer; k6 shall count as failed what is none.
http.setResponseCallback(http.expectedStatuses({ min: 200, max: 499 }, 503));

// A whole number from the settings of the run.
export function setting(name, otherwise) {
  const value = Number(__ENV[name] || otherwise);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name} must be a whole number`);
  return value;
}

// One request. `tokens`: `access`, `queue` (a queue token), `key` (an idempotency key).
function send(method, path, body, tokens) {
  const headers = { 'content-type': 'application/json' };
  if (tokens.access) headers.authorization = `Bearer ${tokens.access}`;
  if (tokens.queue) headers['queue-token'] = tokens.queue;
  if (tokens.key) headers['idempotency-key'] = tokens.key;
  const name = path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}').replace(/[A-Z]\d+-\d+-\d+/, '{seat_id}');
  const tags = { name: `${method} ${name.replace(/\?.*/, '').replace(/load-[0-9a-z]+/, '{id}')}` };
  const params = { headers, tags };
  return http.request(method, BASE_URL + path, body === undefined ? null : JSON.stringify(body), params);
}

// An answer: its status, and its body and code, which are read only if somebody asks.
function read(response) {
  let body;
  return {
    status: response.status,
    get body() {
      if (body !== undefined) return body;
      try {
        body = response.body ? JSON.parse(response.body) : {};
      } catch (_) {
        body = {}; // Not JSON: the status is judged.
      }
      return body;
    },
    get code() {
      return this.body.code;
    },
  };
}

// The answer of a request that was sent already. No answer, or a 5xx, is wrong.
export function answered(response) {
  if (response.status === 0 || response.status >= 500) {
    serverErrors.add(1);
    console.error(`${response.request.method} ${response.request.url}: ${response.status} ${response.error}`);
  }
  return read(response);
}

// A request; its answer.
export function call(method, path, body, tokens = {}) {
  return answered(send(method, path, body, tokens));
}

// The same for one that may be repeated: 503 is counted, and tried again a few times. `repeated` of the answer says
// whether it was: then an earlier try may be what succeeded.
export function persist(method, path, body, tokens = {}) {
  for (let tries = 1; ; tries += 1) {
    const response = send(method, path, body, tokens);
    if (response.status !== 503 || tries === TRIES_MAX) {
      const answer = answered(response);
      answer.repeated = tries > 1;
      return answer;
    }
    busy.add(1);
  }
}

// Counts what must not be; the run fails.
export function surprised() {
  surprises.add(1);
}

// Whether an answer is one of those that may be, `201` or `409 seat-taken`; else the run fails.
export function expected(what, answer, ...those) {
  const is = answer.status >= 400 && answer.code ? `${answer.status} ${answer.code}` : `${answer.status}`;
  if (those.includes(is)) return true;
  surprised();
  console.error(`${what}: ${is} ${JSON.stringify(answer.body)}, not ${those.join(' or ')}`);
  return false;
}

// The body of an answer without which there is nothing to run.
export function needed(what, answer, ...those) {
  if (!expected(what, answer, ...those)) exec.test.abort(`setup: ${what} failed`);
  return answer.body;
}

// A refusal that is right is counted by its code, apart from successes.
export function refusal(code) {
  refused.add(1, { code });
}

// The administrator's tokens.
export function administrator() {
  const login = call('POST', '/sessions', { email: ADMIN_EMAIL, password: ADMIN_PASSWORD });
  return { access: needed('log in', login, '200').access_token };
}

// An idempotency key of its own for each iteration of a scenario, so that a repeat after 503 has no second effect.
export function keyOf(run, iteration) {
  const hex = (value, digits) => value.toString(16).padStart(digits, '0').slice(-digits);
  return `${hex(run, 8)}-0000-4000-8000-${hex(iteration, 12)}`;
}
