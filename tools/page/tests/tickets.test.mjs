/** Codes of tickets: shown, ended for a new one, printed. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { openWindow } from '../lib/browser.mjs';
import { Person } from '../lib/person.mjs';
import { usePlace } from '../lib/place.mjs';

describe('somebody with codes', () => {
  const place = usePlace();

  /** Somebody with two paid tickets, and where they are. */
  const buy = async () => {
    const person = await Person.signUp(place.api);
    const { scheduleId } = await place.organiser.makeConcert();
    const { reservation_id: id } = await person.buy(scheduleId, ['A-1-1', 'A-1-2']);
    return { person, path: `/app/tickets/${id}`, codes: `/reservations/${id}/tickets` };
  };

  test('sees each ticket with its own, as a picture and as a text', async (t) => {
    const { person, path, codes } = await buy();
    const page = await openWindow(t, place, { person });
    await page.goto(path);
    for (const seat of ['A-1-1', 'A-1-2']) {
      const ticket = page.locator(`[data-ticket-id="${seat}"]`);
      const { code } = await person.ask('GET', `${codes}/${seat}/code`);
      await ticket.getByText(code).waitFor();
      const picture = ticket.getByRole('img');
      assert.equal(await picture.getAttribute('viewBox'), '0 0 65 65');
      const { width, height } = await picture.boundingBox();
      assert.ok(width >= 130 && Math.abs(width - height) < 1, `${width} × ${height}`);
    }
  });

  test('gets a new one after a question, and the other ticket keeps its own', async (t) => {
    const { person, path } = await buy();
    const page = await openWindow(t, place, { person });
    await page.goto(path);
    const text = (/** @type {string} */ seat) => page.locator(`[data-ticket-id="${seat}"] .door code`);
    const before = [await text('A-1-1').textContent(), await text('A-1-2').textContent()];
    const renew = page.locator('[data-ticket-id="A-1-1"]').getByRole('button', { name: 'Get a new code' });
    await renew.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Back' }).click();
    assert.equal(await text('A-1-1').textContent(), before[0], 'nothing without a yes');
    await renew.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Get a new code' }).click();
    await page.waitForFunction(
      (old) => document.querySelector('[data-ticket-id="A-1-1"] .door code')?.textContent !== old,
      before[0],
    );
    assert.match(String(await text('A-1-1').textContent()), /^T1\.[\w-]{135}$/);
    assert.equal(await text('A-1-2').textContent(), before[1]);
  });

  test('is told when a code cannot be shown, and tries again', async (t) => {
    const { person, path } = await buy();
    const page = await openWindow(t, place, { person });
    await page.route('**/A-1-1/code', (/** @type {any} */ route) =>
      route.fulfill({ status: 500, json: { code: 'internal', detail: 'Something went wrong.' } }),
    );
    await page.goto(path);
    const ticket = page.locator('[data-ticket-id="A-1-1"]');
    await ticket.locator('.door .note').waitFor();
    await page.locator('[data-ticket-id="A-1-2"] .door svg').waitFor();
    await page.unroute('**/A-1-1/code');
    await ticket.locator('.door button').click();
    await ticket.locator('.door svg').waitFor();
  });

  test('prints what is paid, with large codes, and nothing else', async (t) => {
    const { person, path, codes } = await buy();
    await person.ask('DELETE', `${codes}/A-1-2`);
    const page = await openWindow(t, place, { person });
    await page.goto(path);
    await page.locator('[data-ticket-id="A-1-1"] .door svg').waitFor();
    await page.emulateMedia({ media: 'print' });
    assert.ok(await page.locator('[data-ticket-id="A-1-2"]').isHidden(), 'a ticket that was given back');
    for (const button of await page.getByRole('button').all()) {
      assert.ok(await button.isHidden(), String(await button.textContent()));
    }
    const { width } = await page.locator('[data-ticket-id="A-1-1"] .door svg').boundingBox();
    assert.ok(width > 200, `${width} pixels are ${width / 38} cm`);
  });
});
