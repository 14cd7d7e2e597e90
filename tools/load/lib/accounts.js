// People who come: users with an access token, some with money.

import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { BASE_URL, answered, call, keyOf, needed } from './api.js';

const PASSWORD = 'lantern-quarry-58';
// How many are signed up side by side.
export const GROUP = 20;
// How often requests are sent that are told to wait, and for how long they wait at most, in seconds. All people of a
// test come from one address, so a stack may give it pauses.
const TRIES_MAX = 4;
const PAUSE_SECONDS_MAX = 30;

// Access tokens of `count` new users, each with so much money; with none they have no wallet. Signing up and logging in
// hash a password each, which takes a processor some 15 ms, so many people take a while.
export function people(run, count, money) {
  const all = [];
  for (let first = 0; first < count; first += GROUP) {
    const some = Array.from({ length: Math.min(GROUP, count - first) }, (_, n) => {
      return { email: `load-${run}-${first + n}@example.com` };
    });
    const each = (what, path, body, ...those) => {
      const requests = some.map((user, n) => {
        // Keys are a user's own, so the number is enough.
        const headers = { 'content-type': 'application/json', 'idempotency-key': keyOf(0, first + n) };
        if (user.access) headers.authorization = `Bearer ${user.access}`;
        return { method: 'POST', url: BASE_URL + path, body: JSON.stringify(body(user)), params: { headers } };
      });
      return patiently(what, requests).map((response) => needed(what, answered(response), ...those));
    };
    each('sign up', '/users', ({ email }) => ({ email, password: PASSWORD, name: 'Load' }), '201');
    const sessions = each('log in', '/sessions', ({ email }) => ({ email, password: PASSWORD }), '200');
    sessions.forEach((session, n) => (some[n].access = session.access_token));
    if (money > 0) {
      each('wallet', '/wallet', () => undefined, '200', '201');
      each('top up', '/wallet/charges', () => ({ amount: money }), '201');
    }
    all.push(...some.map((user) => user.access));
  }
  return all;
}

// The answers of requests that are sent side by side; those with 429 are sent again once they may.
function patiently(what, requests) {
  const answers = http.batch(requests);
  for (let tries = 1; ; tries += 1) {
    const paused = answers.map((answer, n) => (answer.status === 429 ? n : -1)).filter((n) => n >= 0);
    if (paused.length === 0) return answers;
    const seconds = Math.max(...paused.map((n) => Number(answers[n].headers['Retry-After']) || 1));
    if (tries === TRIES_MAX || seconds > PAUSE_SECONDS_MAX) {
      exec.test.abort(`${what}: this address must wait ${seconds} s. Start the stack with a higher limit of an address ` +
        '(LOG_IN_SOURCE_FREE_ATTEMPTS, SIGN_UP_SOURCE_FREE_ATTEMPTS; parameters of the same names on AWS).');
    }
    sleep(seconds);
    http.batch(paused.map((n) => requests[n])).forEach((answer, place) => (answers[paused[place]] = answer));
  }
}

// What lies in the wallets of these users together.
export function balances(users) {
  const balance = (access) => needed('balance', call('GET', '/wallet', undefined, { access }), '200').balance;
  return users.reduce((sum, access) => sum + balance(access), 0);
}
