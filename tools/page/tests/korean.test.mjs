/** The page in Korean: every screen, and the ways to it. */

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { openWindow } from '../lib/browser.mjs';
import { Person } from '../lib/person.mjs';
import { usePlace } from '../lib/place.mjs';
import { furnish, show } from '../lib/screens.mjs';

/** Names, also of programs, the labels of sections, the zone and "QR" are what they are in every language. */
const SAME_IN_ALL = /Onsale|QR|Floor|Balcony|Gallery|GMT|UTC|JavaScript|Chrome|Linux|node|[\w-]+@onsale\.local/g;

describe('the page in Korean', () => {
  const place = usePlace();
  /** @type {import('../lib/screens.mjs').Screen[]} */
  let screens;

  before(async () => {
    screens = await furnish(place);
  });

  test('has no English left on any screen, and says in which language it is', async (t) => {
    for (const screen of screens) {
      await t.test(screen.name, async (t) => {
        const page = await openWindow(t, place, { person: screen.person, cards: screen.cards, locale: 'ko-KR' });
        await show(page, screen);
        assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
        const texts = await readTexts(page);
        const english = texts.filter((text) => /[A-Za-z]{2,}/.test(text.replace(SAME_IN_ALL, '')));
        assert.deepEqual(english, []);
        assert.ok(
          texts.some((text) => /[가-힣]/.test(text)),
          'there is Korean',
        );
        for (const time of await page.locator('main time').allTextContents()) {
          assert.match(time, /^\d{4}년 \d{1,2}월 \d{1,2}일 \d\d:\d\d GMT\+9$/);
        }
      });
    }
  });

  test('explains a refusal of the API in Korean', async (t) => {
    const page = await openWindow(t, place, { locale: 'ko-KR' });
    await page.goto('/app/account');
    await page.getByLabel('이메일').fill('mina@onsale.local');
    await page.getByLabel('비밀번호').fill('wrong-password-1');
    await page.keyboard.press('Enter');
    assert.match(await page.getByRole('alert').textContent(), /[가-힣]/);
  });

  test('is chosen by a link that stays on the screen, and is kept', async (t) => {
    const person = await Person.signUp(place.api);
    const page = await openWindow(t, place, { person });
    await page.goto('/app/wallet');
    await page.getByRole('heading', { name: 'Wallet' }).waitFor();
    await page.getByRole('link', { name: '한국어' }).click();
    await page.getByRole('heading', { name: '지갑' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/app/wallet');
    await page.goto('/');
    await page.getByRole('heading', { name: '공연', exact: true }).waitFor();
    await page.getByRole('link', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Concerts' }).waitFor();
  });
});

/**
 * All that is shown or spoken, but for what organisers and visitors have written.
 * @param {any} page
 * @returns {Promise<string[]>}
 */
function readTexts(page) {
  return page.evaluate(() => {
    const foreign =
      'bdi, [dir="auto"], .code, code, [lang]:not(html), script, noscript, select:not(:has(option:checked))';
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.parentElement?.closest(foreign)) {
        texts.push(node.textContent ?? '');
      }
    }
    for (const element of document.body.querySelectorAll('*')) {
      if (!element.closest('[lang]:not(html)')) {
        texts.push(
          ...['aria-label', 'placeholder', 'title', 'aria-valuetext'].map((name) => element.getAttribute(name) ?? ''),
        );
      }
    }
    return texts.map((text) => text.trim()).filter(Boolean);
  });
}
