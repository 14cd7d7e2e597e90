/**
 * Buys two tickets on a page, wherever it is served, as a buyer would: from the first page to the tickets.
 *
 *   MODULES=… node tools/page/buy.mjs URL CONCERT EMAIL PASSWORD
 */

import { logIn, openBrowser } from './lib/browser.mjs';

const [url, concert, email, password] = process.argv.slice(2);
// Names below localhost lead to this machine, whatever the system makes of them.
const browser = await openBrowser(['--host-resolver-rules=MAP *.localhost 127.0.0.1']);
try {
  const page = await browser.newPage({ locale: 'en-GB' });
  await page.goto(url);
  await page.getByRole('link', { name: concert }).click();
  await page.getByRole('link', { name: 'Choose seats' }).first().click();
  await page.getByRole('button', { name: 'Hold best seats' }).click();
  await logIn(page, { account: { email, password } });
  await page.getByRole('button', { name: /^Pay / }).click();
  await page.getByRole('button', { name: 'Print' }).waitFor();
  console.log(`bought on the page: ${await page.locator('.ticket').count()} tickets of ${concert}`);
} finally {
  await browser.close();
}
