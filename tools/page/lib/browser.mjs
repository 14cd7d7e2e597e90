/** Windows of a real Chromium. Each one complains of what no page may do, whatever its test is about. */

import assert from 'node:assert/strict';

import { chromium } from './packages.mjs';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** The two sizes that the page is made for. */
export const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
/** Generous, because compilers may run beside the tests; a test waits for what it wants to see, and no longer. */
const PATIENCE_MS = 20_000;

/** @param {string[]} [more] Further arguments. */
export function openBrowser(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...ARGUMENTS, ...more],
  });
}

/**
 * Cookies and storage of somebody who has logged in on another page before.
 * @param {string} api @param {import('./person.mjs').Person} person
 */
export async function sessionOf(api, { account }) {
  const response = await fetch(`${api}/sessions`, {
    method: 'POST',
    body: JSON.stringify({ ...account, cookie: true }),
    headers: { 'content-type': 'application/json', origin: api },
  });
  assert.equal(response.status, 200, 'the session is begun');
  const [name, value] = (response.headers.get('set-cookie') ?? '').split(';')[0].split('=');
  return {
    cookies: [
      { name, value, domain: '127.0.0.1', path: '/', httpOnly: true, sameSite: 'Strict', expires: -1, secure: false },
    ],
    origins: [{ origin: api, localStorage: [{ name: 'session', value: '1' }] }],
  };
}

/**
 * A window of its own: nothing is shared with other windows, as on another device.
 * @param {import('node:test').TestContext} t Closes the window in the end, and fails if it has complaints.
 * @param {{ browser: any, api: string }} place
 * @param {{ person?: import('./person.mjs').Person, cards?: string, [option: string]: any }} [options] `person` is
 *   logged in; `cards` is the payment provider, which the page may ask as well; the rest is Playwright's.
 * @returns {Promise<any>} A page of Playwright, whose addresses may be paths.
 */
export async function openWindow(t, { browser, api }, { person, cards, ...options } = {}) {
  const context = await browser.newContext({
    baseURL: api,
    viewport: SIZES.desktop,
    locale: 'en-GB',
    timezoneId: 'Asia/Seoul',
    storageState: person && (await sessionOf(api, person)),
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const complaints = await listen(context, cards ? [api, cards] : [api]);
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, [], 'the page does nothing that no page may do');
  });
  return context.newPage();
}

/**
 * The same for programs that are no tests: the window is open while it is used.
 * @template T @param {{ browser: any, api: string }} place @param {Record<string, any>} options
 * @param {(page: any) => Promise<T>} use
 */
export async function inWindow(place, options, use) {
  /** @type {() => Promise<void>} */
  let close = async () => undefined;
  const page = await openWindow(
    /** @type {any} */ ({
      after: (/** @type {() => Promise<void>} */ end) => {
        close = end;
      },
    }),
    place,
    options,
  );
  const result = await use(page);
  await close();
  return result;
}

/**
 * Collects errors of scripts, violations of the policy, and requests to other origins.
 * @param {any} context
 * @param {string[]} origins
 */
async function listen(context, origins) {
  /** @type {string[]} */
  const complaints = [];
  context.on('request', (/** @type {any} */ request) => {
    const url = new URL(request.url());
    if (!origins.includes(url.origin) && url.protocol !== 'data:' && url.protocol !== 'blob:') {
      complaints.push(`request to another origin: ${url}`);
    }
  });
  context.on('weberror', (/** @type {any} */ error) => complaints.push(`error: ${error.error().message}`));
  context.on('console', (/** @type {any} */ message) => {
    // A refusal is an answer like any other; Chromium reports each of them.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(`console: ${message.text()}`);
    }
  });
  await context.addInitScript(() =>
    addEventListener('securitypolicyviolation', (event) =>
      console.error(
        `policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
      ),
    ),
  );
  return complaints;
}

/** Fills the form to log in that is on the screen. @param {any} page @param {import('./person.mjs').Person} person */
export async function logIn(page, { account }) {
  await page.getByLabel('E-mail address').fill(account.email);
  await page.getByLabel('Password').fill(account.password);
  await page.keyboard.press('Enter');
}
