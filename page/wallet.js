/** The wallet: its balance, its ledger, and top-ups. Other screens use the form of a top-up in place. */

import { Refusal, act, announce, ask, fill, h, money, showScreen, t, timeTag, write } from "./app.js";

/** @import { Screen } from "./types.js" */

const AMOUNTS = [50_000, 100_000, 300_000];
const TOP_UP_MAX = 10_000_000;

/** @type {Screen} */
export default async function showWallet({ signal }) {
  const { body: page } = await ask("/wallet/entries", { auth: true, signal }).catch(emptyWithoutWallet);
  // The newest entry has the balance, which saves a request.
  const balance = page.items[0]?.balance_after ?? 0;
  const rows = h("tbody", {}, ...page.items.map(entryRow));
  const empty = h("p", { class: "muted" }, t("wallet.empty"));
  fill(t("wallet.title"), h("div", { class: "columns" },
    h("aside", { class: "panel first" }, h("h2", {}, t("wallet.balance")),
      h("p", { class: "total", id: "balance" }, money(balance)),
      makeTopUp(AMOUNTS[1], async () => void showScreen())),
    h("section", { class: "panel", "aria-labelledby": "ledger-title" }, h("h2", { id: "ledger-title" }, t("wallet.ledger")),
      page.items.length ? h("div", { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": "ledger-title" }, h("table", {},
        h("thead", {}, h("tr", {}, ...["wallet.when", "wallet.kind", "wallet.amount", "wallet.balance"].map((key) =>
          h("th", { scope: "col" }, t(key))))), rows)) : empty,
      moreButton(page.next, rows))));
}

/** An account without a wallet has an empty one. @param {unknown} problem */
function emptyWithoutWallet(problem) {
  if (problem instanceof Refusal && problem.code === "no-wallet") {
    return { body: { items: [], next: null } };
  }
  throw problem;
}

/** @param {any} entry */
function entryRow({ at, kind, memo, amount, balance_after: balance }) {
  const sum = (amount > 0 ? "+" : "") + money(amount);
  return h("tr", {}, h("td", {}, timeTag(at)), h("td", {}, t(`wallet.${kind}`), memo && " · ", memo && h("bdi", {}, memo)),
    h("td", { class: amount > 0 ? "amount in" : "amount" }, sum), h("td", { class: "amount" }, money(balance)));
}

/** @param {string | null} next @param {HTMLElement} rows */
function moreButton(next, rows) {
  let cursor = next;
  const button = h("button", { type: "button", hidden: !next, click: () => act(button, async () => {
    const { body } = await ask(`/wallet/entries?cursor=${encodeURIComponent(cursor ?? "")}`, { auth: true });
    rows.append(...body.items.map(entryRow));
    cursor = body.next;
    button.hidden = !cursor;
  }) }, t("list.more"));
  return button;
}

/**
 * The form of a top-up, for any screen that needs money.
 * @param {number} amount The first proposal.
 * @param {() => Promise<void>} onDone
 */
export function makeTopUp(amount, onDone) {
  const input = h("input", { id: "amount", type: "number", inputmode: "numeric", min: 1, max: TOP_UP_MAX, required: true, value: amount });
  const button = h("button", { class: "primary wide" }, t("wallet.top_up"));
  const quick = AMOUNTS.map((sum) => h("button", { type: "button", click: () => { input.value = String(sum); } }, money(sum)));
  return h("form", { class: "stack top-up", submit: (/** @type {Event} */ event) => {
    event.preventDefault();
    void act(button, async () => {
      await topUp(Number(input.value));
      announce(t("wallet.done"));
      await onDone();
    });
  } },
    h("p", {}, h("label", { for: "amount" }, t("wallet.amount_label")), input),
    h("div", { class: "chips" }, ...quick),
    h("div", {}, button));
}

/** Tops up, and makes the wallet first if the account has none. @param {number} amount */
async function topUp(amount) {
  const send = () => write("/wallet/charges", { amount });
  await send().catch(async (problem) => {
    if (!(problem instanceof Refusal && problem.code === "no-wallet")) {
      throw problem;
    }
    await ask("/wallet", { method: "POST", auth: true, body: {} });
    await send();
  });
}
