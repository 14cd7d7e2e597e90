/** What mails lead to: the real ones, out of the local mailbox. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { openWindow } from '../lib/browser.mjs';
import { Person } from '../lib/person.mjs';
import { usePlace } from '../lib/place.mjs';

const NEW_PASSWORD = 'harbour-violet-93';
/** How long a mail may take to come, and how often is looked. */
const MAIL_SECONDS_MAX = 20;
const LOOKS_A_SECOND = 5;

/**
 * The link in the newest mail of a kind to an address, once it is there.
 * @param {string} mailbox @param {string} address @param {string} letter @returns {Promise<string>}
 */
async function linkOf(mailbox, address, letter) {
  for (let look = 0; look < MAIL_SECONDS_MAX * LOOKS_A_SECOND; look++) {
    const { items } = await (await fetch(`${mailbox}/mails`)).json();
    const mail = items.find((/** @type {any} */ item) => item.letter === letter && item.to.includes(address));
    const link = mail?.text.match(/https?:\/\/\S+#\S+/)?.[0];
    if (link) {
      return link;
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000 / LOOKS_A_SECOND));
  }
  throw new Error(`no ${letter} to ${address}`);
}

/** The page of a link at this stack's own address. @param {string} link */
const pathOf = (link) => {
  const { pathname, hash } = new URL(link);
  return `${pathname}${hash}`;
};

describe('a mail', () => {
  const place = usePlace();

  test('brings back whoever has lost the password', async (t) => {
    const { account } = await Person.signUp(place.api, { money: 0, name: 'Haneul' });
    const page = await openWindow(t, place);
    await page.goto('/app/account');
    await page.getByRole('button', { name: 'Forgot your password?' }).click();
    await page.getByLabel('E-mail address').fill(account.email);
    await page.keyboard.press('Enter');
    await page.getByText('a mail is on its way').waitFor();
    const link = await linkOf(place.mailbox, account.email, 'password_reset');
    await page.goto(pathOf(link));
    await page.getByLabel('New password').fill(NEW_PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('.note:focus', { hasText: 'Your new password is set, and you are logged in.' }).waitFor();
    await page.goto('/app/account');
    await page.getByRole('heading', { name: 'Haneul' }).waitFor();
    await Person.logIn(place.api, { ...account, password: NEW_PASSWORD });
    await assert.rejects(Person.logIn(place.api, account));
    // The link works once.
    await page.goto(pathOf(link));
    await page.getByLabel('New password').fill('another-violet-94');
    await page.keyboard.press('Enter');
    await page.locator('.note:focus', { hasText: 'This link was used before, or it is too old.' }).waitFor();
  });

  test('proves the address of a new account, by one press', async (t) => {
    const person = await Person.signUp(place.api, { money: 0 });
    const page = await openWindow(t, place, { person });
    await page.goto('/app/account');
    await page.getByText('not confirmed').waitFor();
    await page.goto(pathOf(await linkOf(place.mailbox, person.account.email, 'address_proof')));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.locator('.note:focus').waitFor();
    await page.goto('/app/account');
    await page.getByText('This browser').waitFor();
    assert.equal(await page.getByText('not confirmed').count(), 0);
  });
});

describe('a shop that sells to proven addresses', () => {
  const place = usePlace({ PROVEN_ADDRESS: 'buying' });

  test('says so to a new account, and sells once its owner has followed the mail', async (t) => {
    const person = await Person.signUp(place.api, { money: 200_000 });
    const { seatsPath } = await place.organiser.makeConcert();
    const page = await openWindow(t, place, { person });
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Hold best seats' }).click();
    await page.getByText('Confirm your e-mail address first: your account sends you a link.').waitFor();
    await page.goto(pathOf(await linkOf(place.mailbox, person.account.email, 'address_proof')));
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.locator('.note:focus').waitFor();
    await page.goto(seatsPath);
    await page.getByRole('button', { name: 'Hold best seats' }).click();
    await page.getByRole('button', { name: 'Pay ₩100,000' }).waitFor();
  });
});
