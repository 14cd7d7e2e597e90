/** What a file of tests shares: one stack, one browser, and the organiser. */

import { after, before } from 'node:test';

import { openBrowser } from './browser.mjs';
import { Organiser } from './person.mjs';
import { startStack } from './stack.mjs';

/**
 * @typedef {object} Place
 * @property {string} api
 * @property {string} cards The payment provider.
 * @property {string} mailbox Every mail that was sent.
 * @property {any} browser
 * @property {Organiser} organiser
 * @property {() => Promise<void>} close
 */

/** @param {Record<string, string | number>} [settings] Variables of the stack. @returns {Promise<Place>} */
export async function openPlace(settings) {
  const { api, payment_provider: cards, mailbox, stop } = await startStack(settings);
  const browser = await openBrowser().catch(async (problem) => {
    await stop();
    throw problem;
  });
  const close = async () => {
    await browser.close();
    await stop();
  };
  return { api, cards, mailbox, browser, organiser: await Organiser.logInAt(api), close };
}

/**
 * Opens a place before the tests of a suite, and closes it after them.
 * @param {Record<string, string | number>} [settings] @returns {Place} It is filled when the first test begins.
 */
export function usePlace(settings) {
  const place = /** @type {Place} */ ({});
  before(async () => {
    Object.assign(place, await openPlace(settings));
  });
  after(() => place.close?.());
  return place;
}
