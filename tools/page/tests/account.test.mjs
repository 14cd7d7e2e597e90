/** The account: the password, the log-ins, and what links of mails lead to. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { logIn, openWindow } from '../lib/browser.mjs';
import { Person } from '../lib/person.mjs';
import { usePlace } from '../lib/place.mjs';

const NEW_PASSWORD = 'harbour-violet-93';
const TOKEN = 'rl1.0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';

/** Opens the form of the password and fills it. @param {any} page @param {string} present @param {string} next */
async function fillPasswords(page, present, next) {
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.getByLabel('Present password').fill(present);
  await page.getByLabel('New password').fill(next);
}

/** A refusal of the API. @param {number} status @param {Record<string, unknown>} problem @param {number} [seconds] */
const refusal = (status, problem, seconds) => ({
  status,
  json: { status, ...problem },
  headers: seconds === undefined ? {} : { 'Retry-After': String(seconds) },
});

/** Answers what goes to `path`, and keeps the bodies. @param {any} page @param {string} path @param {object} answer */
async function stub(page, path, answer) {
  /** @type {any[]} */
  const bodies = [];
  await page.route(`**${path}`, (/** @type {any} */ route) => {
    bodies.push(route.request().postDataJSON());
    return route.fulfill(answer);
  });
  return bodies;
}

/** What describes a field to those who cannot see it. @param {any} input @returns {Promise<string>} */
const descriptionOf = (input) =>
  input.evaluate((/** @type {HTMLInputElement} */ element) =>
    (element.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent)
      .join(' '),
  );

describe('a password', () => {
  const place = usePlace();

  test('is changed by keyboard alone; this log-in stays and all others end', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    await page.goto('/app/account');
    await page.getByRole('button', { name: 'Change password' }).focus();
    assert.equal(await page.locator('.log-in-row').count(), 2);
    await page.keyboard.press('Enter');
    await page.locator('#present-password:focus').waitFor();
    await page.keyboard.type(person.account.password);
    await page.keyboard.press('Tab');
    await page.keyboard.type(NEW_PASSWORD);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    assert.equal(await page.getByLabel('New password').getAttribute('type'), 'text');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Your password is changed, and all your other log-ins are ended.').waitFor();
    await page.locator('.note.good:focus').waitFor();
    await page.waitForFunction(() => document.querySelectorAll('.log-in-row').length === 1);
    await page.reload();
    await page.getByText('This browser').waitFor();
    await assert.rejects(Person.logIn(place.api, person.account), /401/);
    await Person.logIn(place.api, { ...person.account, password: NEW_PASSWORD });
  });

  test('that is refused is told at the field that it is about', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    await page.goto('/app/account');
    await fillPasswords(page, 'some-other-password-1', 'password1');
    await page.keyboard.press('Enter');
    const [present, next] = [page.getByLabel('Present password'), page.getByLabel('New password')];
    await page.locator('#account-new_password[aria-invalid]:focus').waitFor();
    assert.match(await descriptionOf(next), /must not be easily guessed/);
    assert.equal(await present.getAttribute('aria-invalid'), null);
    await next.fill(NEW_PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('#present-password[aria-invalid]:focus').waitFor();
    assert.match(await descriptionOf(present), /This is not your present password\./);
    assert.equal(await next.getAttribute('aria-invalid'), null);
    assert.equal(await page.getByRole('alert').count(), 1);
    await present.fill(person.account.password);
    await page.keyboard.press('Enter');
    await page.getByText('Your password is changed').waitFor();
  });

  test('is tried again when the server is busy, and not when it was tried too often', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    const answers = [
      refusal(503, { code: 'busy', detail: 'Busy.' }, 1),
      refusal(429, { code: 'too-many-attempts', detail: 'You have tried too often. Try again in 40 s.' }, 40),
    ];
    let tries = 0;
    await page.route('**/users/me/password', (/** @type {any} */ route) => route.fulfill(answers[tries++]));
    await page.goto('/app/account');
    await fillPasswords(page, person.account.password, NEW_PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('You have tried too often. Try again in 40 s.').waitFor();
    assert.equal(tries, 2);
    assert.equal(await page.getByLabel('New password').inputValue(), NEW_PASSWORD);
  });

  test('whose change had an answer that got lost is not told as a wrong one', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    await page.route(
      '**/users/me/password',
      async (/** @type {any} */ route) => {
        await route.fetch();
        await route.abort();
      },
      { times: 1 },
    );
    await page.goto('/app/account');
    await fillPasswords(page, person.account.password, NEW_PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('Your password is changed').waitFor();
    await Person.logIn(place.api, { ...person.account, password: NEW_PASSWORD });
  });

  test('waits for the network of somebody who is offline', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    await page.goto('/app/account');
    await fillPasswords(page, person.account.password, NEW_PASSWORD);
    await page.context().setOffline(true);
    await page.keyboard.press('Enter');
    await page.getByText('You are offline.').waitFor();
    await page.locator('form [aria-busy]').waitFor();
    await page.context().setOffline(false);
    await page.getByText('Your password is changed').waitFor();
  });

  test('is changed after a log-in in place if the session has ended', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    const ended = refusal(401, { code: 'session-ended', detail: 'Log in again.' });
    await page.route('**/users/me/password', (/** @type {any} */ route) => route.fulfill(ended), { times: 1 });
    await page.goto('/app/account');
    await fillPasswords(page, person.account.password, NEW_PASSWORD);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('E-mail address').fill(person.account.email);
    await dialog.getByLabel('Password').fill(person.account.password);
    await page.keyboard.press('Enter');
    await page.getByText('Your password is changed').waitFor();
  });
});

describe('the data of an account', () => {
  const place = usePlace();

  test('is downloaded as one file, read page by page', async (t) => {
    const person = await Person.signUp(place.api, { money: 1000 });
    const page = await openWindow(t, place, { person });
    /** @type {string[]} */
    const asked = [];
    await page.route('**/users/me/data**', async (/** @type {any} */ route) => {
      asked.push(route.request().url());
      // Pages of two, so that there are several.
      await route.continue({ url: route.request().url().replace('limit=100', 'limit=2') });
    });
    await page.goto('/app/account');
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download my data' }).click();
    const download = await coming;
    assert.equal(download.suggestedFilename(), 'my-data.json');
    const chunks = [];
    for await (const chunk of await download.createReadStream()) {
      chunks.push(chunk);
    }
    const { records } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const kinds = new Set(records.map((/** @type {any} */ { kind }) => kind));
    assert.ok(kinds.has('profile') && kinds.has('session') && kinds.has('ledger_entry'), [...kinds].join());
    const profile = records.find((/** @type {any} */ { kind }) => kind === 'profile');
    assert.equal(profile.data.email, person.account.email);
    assert.ok(asked.length > 1, `${asked.length} pages`);
  });

  test('is erased with the password and after a question, and then nobody can log in', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    await page.goto('/app/account');
    await page.getByRole('button', { name: 'Erase my account' }).click();
    const password = page.locator('#erase-password');
    await password.fill('some-other-password-1');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText(person.account.email).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Back' }).click();
    await Person.logIn(place.api, person.account);
    await page.getByRole('button', { name: 'Erase my account' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Erase my account' }).click();
    await page.locator('#erase-password[aria-invalid]').waitFor();
    assert.match(await descriptionOf(password), /This is not your present password\./);
    await password.fill(person.account.password);
    await page.getByRole('button', { name: 'Erase my account' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Erase my account' }).click();
    await page.getByText('Your account is erased.').first().waitFor();
    await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
    await assert.rejects(Person.logIn(place.api, person.account), /401/);
  });

  test('stays while something is left in the account, and the page says what', async (t) => {
    const person = await Person.signUp(place.api, { money: 1000 });
    const page = await openWindow(t, place, { person, locale: 'ko-KR' });
    await page.goto('/app/account');
    await page.getByRole('button', { name: '계정 삭제' }).click();
    await page.locator('#erase-password').fill(person.account.password);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: '계정 삭제' }).click();
    await page.getByRole('alert').getByText('지갑에 잔액이 있습니다.').waitFor();
    await Person.logIn(place.api, person.account);
  });
});

describe('the log-ins of an account', () => {
  const place = usePlace();

  test('stand below its name, address and roles, which the header leads to', async (t) => {
    const page = await openWindow(t, place, { person: place.organiser, viewport: { width: 360, height: 780 } });
    await page.goto('/');
    const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Account' });
    const { x, width } = await link.boundingBox();
    assert.ok(x + width <= 360, `the link ends at ${x + width} px of 360`);
    await link.click();
    await page.getByText('admin@onsale.local').waitFor();
    await page.getByRole('list', { name: 'Roles' }).getByText('Administrator').waitFor();
    const row = page.getByRole('listitem').filter({ hasText: 'This browser' });
    await row.getByText('From address 127.0.0.1').waitFor();
    assert.equal(await row.getByRole('button').count(), 0);
  });

  for (const [locale, known] of /** @type {[string, string[]][]} */ ([
    ['en-GB', ['Chrome on Windows', 'Safari on iPhone', 'Edge on macOS', 'Unknown program']],
    ['ko-KR', ['Chrome · Windows', 'Safari · iPhone', 'Edge · macOS', '알 수 없는 프로그램']],
  ])) {
    test(`have readable names, or those that programs give themselves, in ${locale}`, async (t) => {
      const person = await Person.signUp(place.api, { money: 0 });
      const page = await openWindow(t, place, { person, locale });
      const agents = [
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
        'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 ' +
          'Mobile/15E148 Safari/604.1',
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 ' +
          'Safari/537.36 Edg/131.0.0.0',
        '',
        'curl/8.5.0',
        '<img src=x onerror=alert(1)>',
      ];
      const at = '2026-11-30T09:15:00Z';
      const items = agents.map((agent, place) => ({
        session_id: `00000000-0000-7000-8000-00000000000${place}`,
        current: place === 0,
        began_at: at,
        refreshed_at: at,
        ends_at: at,
        source: '2001:db8::7',
        agent,
      }));
      await page.route('**/users/me/sessions*', (/** @type {any} */ route) => {
        const isFirst = !route.request().url().includes('cursor=a%2Bb');
        return route.fulfill({ json: isFirst ? { items: items.slice(0, 4), next: 'a+b' } : { items: items.slice(4) } });
      });
      await page.goto('/app/account');
      await page.getByRole('button', { name: /^(Show more|더 보기)$/ }).click();
      await page.locator('.log-in-row').nth(5).waitFor();
      const names = await page.locator('.log-in-row b').allTextContents();
      assert.deepEqual(names, [...known, ...agents.slice(4)]);
      await page.getByRole('button', { name: /(End|종료).*curl\/8\.5\.0.*2026/ }).waitFor();
    });
  }

  test('end one by one after a question', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    await page.goto('/app/account');
    const end = page.getByRole('button', { name: /^End node Logged in / });
    await end.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Back' }).click();
    assert.equal(await page.locator('.log-in-row').count(), 2);
    await end.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('End this log-in: node?').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('#live', { hasText: 'The log-in is ended.' }).waitFor({ state: 'attached' });
    await page.locator('h2:focus', { hasText: 'Where you are logged in' }).waitFor();
    const { items } = await person.ask('GET', '/users/me/sessions');
    assert.equal(items.length, 1);
    await page.reload();
    await page.getByText('This browser').waitFor();
    assert.equal(await page.locator('.log-in-row').count(), 1);
  });

  test('end all at once, and this browser is logged out with all its tabs', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const [page, elsewhere] = [await openWindow(t, place, { person }), await openWindow(t, place, { person })];
    await page.goto('/app/account');
    const tab = await page.context().newPage();
    await tab.goto('/app/tickets');
    await tab.getByText('You have no tickets yet.').waitFor();
    await page.getByRole('button', { name: 'End all log-ins' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End all log-ins' }).click();
    await page.getByText('All your log-ins are ended. You are logged out here as well.').first().waitFor();
    await page.getByLabel('Password').waitFor();
    await tab.getByLabel('Password').waitFor();
    await elsewhere.goto('/app/account');
    await elsewhere.getByLabel('Password').waitFor();
    assert.deepEqual(
      (await page.context().cookies()).filter((/** @type {any} */ { name }) => name.includes('refresh')),
      [],
    );
    await logIn(page, person);
    await page.getByText('This browser').waitFor();
  });

  test('that cannot be shown leave the rest of the screen, and come when they are asked for again', async (t) => {
    const person = await Person.signUp(place.api, { money: 0, name: 'Haneul' });
    const page = await openWindow(t, place, { person });
    const busy = refusal(503, { code: 'busy', detail: 'Busy.' }, 60);
    await page.route('**/users/me/sessions', (/** @type {any} */ route) => route.fulfill(busy), { times: 1 });
    await page.goto('/app/account');
    await page.getByRole('heading', { name: 'Haneul' }).waitFor();
    await page.getByRole('alert').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('This browser').waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
  });

  test('are shown although the gateway refuses an access token that has ended', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    const forbidden = { status: 403, json: { message: 'Forbidden' } };
    await page.route('**/users/me/sessions', (/** @type {any} */ route) => route.fulfill(forbidden), { times: 1 });
    await page.goto('/app/account');
    await page.getByText('This browser').waitFor();
  });
});

describe('a forgotten password', () => {
  const place = usePlace();

  test('is replaced by a mail, whoever has the address', async (t) => {
    const page = await openWindow(t, place);
    const asked = await stub(page, '/password-resets', { status: 202, body: '' });
    await page.goto('/app/tickets');
    await page.getByLabel('E-mail address').fill('mina@onsale.local');
    await page.getByRole('button', { name: 'Forgot your password?' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Set a new password' }).waitFor();
    await page.locator('#account-email:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.note:focus', { hasText: 'If there is an account with this address, a mail is' }).waitFor();
    assert.deepEqual(asked, [{ email: 'mina@onsale.local' }]);
    await page.getByRole('button', { name: 'Back to the log-in' }).click();
    await page.getByLabel('Password').waitFor();
  });

  test('says how long to wait after too many tries, in Korean', async (t) => {
    const page = await openWindow(t, place, { locale: 'ko-KR' });
    const detail = '시도 횟수가 너무 많습니다. 40초 후에 다시 시도해 주세요.';
    await stub(page, '/password-resets', refusal(429, { code: 'too-many-attempts', detail }, 40));
    await page.goto('/app/account');
    await page.getByRole('button', { name: '비밀번호를 잊으셨나요?' }).click();
    await page.getByLabel('이메일').fill('mina@onsale.local');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText(detail).waitFor();
  });

  test('is set by the link of a mail, whose secret leaves the address bar, and logs in', async (t) => {
    const person = await Person.signUp(place.api, { money: 0, name: 'Haneul' });
    const page = await openWindow(t, place);
    /** @type {any[]} */
    const sent = [];
    await page.route('**/password-resets/confirmation', async (/** @type {any} */ route) => {
      sent.push(route.request().postDataJSON());
      if (sent.length === 1) {
        const errors = [{ field: 'password', message: 'must not be easily guessed' }];
        await route.fulfill(refusal(400, { code: 'invalid-request', errors }));
        return;
      }
      // The answer of a log-in, with its cookie.
      const postData = JSON.stringify({ ...person.account, cookie: true });
      await route.fulfill({ response: await route.fetch({ url: `${place.api}/sessions`, postData }) });
    });
    await page.goto(`/app/reset#${TOKEN}`);
    await page.locator('#account-password:focus').waitFor();
    assert.equal(new URL(page.url()).hash, '');
    await page.reload();
    await page.getByLabel('New password').fill('password1');
    await page.keyboard.press('Enter');
    await page.locator('#account-password[aria-invalid]:focus').waitFor();
    assert.match(await descriptionOf(page.getByLabel('New password')), /must not be easily guessed/);
    await page.getByLabel('New password').fill(NEW_PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('.note:focus', { hasText: 'Your new password is set, and you are logged in.' }).waitFor();
    assert.deepEqual(sent[1], { token: TOKEN, password: NEW_PASSWORD, cookie: true });
    assert.equal(await page.evaluate(() => Object.values({ ...sessionStorage }).join()), '');
    await page.getByRole('link', { name: 'Account' }).last().click();
    await page.getByRole('heading', { name: 'Haneul' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Haneul' }).waitFor();
  });

  test('is asked for anew if its link has ended; the next link may be opened in the same tab', async (t) => {
    const page = await openWindow(t, place);
    await stub(page, '/password-resets/confirmation', refusal(409, { code: 'link-ended', detail: 'Ended.' }));
    const asked = await stub(page, '/password-resets', { status: 202, body: '' });
    await page.goto(`/app/reset#${TOKEN}`);
    // The link that skips the header changes the fragment as well.
    await page.locator('#account-password:focus').waitFor();
    await page.locator('.skip').focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('New password').fill(NEW_PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('.note:focus', { hasText: 'This link was used before, or it is too old.' }).waitFor();
    await page.getByLabel('E-mail address').fill('mina@onsale.local');
    await page.keyboard.press('Enter');
    await page.getByText('a mail is on its way').waitFor();
    assert.equal(asked.length, 1);
    await page.evaluate((/** @type {string} */ token) => {
      location.hash = token;
    }, `${TOKEN}2`);
    await page.getByLabel('New password').waitFor();
    assert.equal(new URL(page.url()).hash, '');
  });
});

describe('the proof of an address', () => {
  const place = usePlace();

  test('is sent when a button is pressed, not when the link is opened', async (t) => {
    const page = await openWindow(t, place);
    const sent = await stub(page, '/address-proofs', { status: 204 });
    await page.goto(`/app/prove#${TOKEN}`);
    await page.locator('button:focus', { hasText: 'Confirm address' }).waitFor();
    assert.equal(new URL(page.url()).hash, '');
    assert.deepEqual(sent, []);
    await page.keyboard.press('Enter');
    await page.locator('.note:focus', { hasText: 'Your e-mail address is confirmed.' }).waitFor();
    assert.deepEqual(sent, [{ token: TOKEN }]);
  });

  test('whose link has ended leads to the account, which sends another, in Korean', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person, locale: 'ko-KR' });
    await stub(page, '/address-proofs', refusal(409, { code: 'link-ended', detail: 'Ended.' }));
    const asked = await stub(page, '/users/me/address-proof', { status: 202, body: '' });
    await page.route('**/users/me', async (/** @type {any} */ route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), address_proven: false } });
    });
    await page.goto(`/app/prove#${TOKEN}`);
    await page.getByRole('button', { name: '주소 확인' }).click();
    await page.locator('.note:focus', { hasText: '이미 사용했거나 유효 기간이 지난 링크입니다.' }).waitFor();
    await page.getByRole('main').getByRole('link', { name: '계정' }).click();
    await page.getByText('아직 이메일 주소가 확인되지 않았습니다.').waitFor();
    await page.getByRole('button', { name: '메일 다시 보내기' }).click();
    await page.locator('.note:focus', { hasText: `${person.account.email} 주소로 메일을 보냈습니다.` }).waitFor();
    assert.equal(asked.length, 1);
  });

  test('is not spoken of to somebody who has given it', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    await page.route('**/users/me', async (/** @type {any} */ route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), address_proven: true } });
    });
    await page.goto('/app/account');
    await page.getByText('This browser').waitFor();
    assert.equal(await page.getByText('not confirmed').count(), 0);
  });
});
