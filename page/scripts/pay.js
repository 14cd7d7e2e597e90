/**
 * Paying: the cart with its held seats and their timer, and the wallet with its ledger and top-ups. They are one module
 * because a cart without enough money needs both.
 */

import {
  Refusal, act, actionButton, announce, ask, currency, decimals, fill, freeTopUps, go, h, knownConcert, language,
  money, now, readPlace, seatName, showScreen, t, timeTag, unit, write,
} from "./app.js";

/** @import { Reservation, Row, Screen } from "./types.js" */

const SPOKEN_SECONDS = [120, 60, 20];
const TOP_UPS = [50_000, 100_000, 300_000];
const TOP_UP_MAX = 10_000_000;

/** @type {Screen} */
export default async function showPay({ params: [kind, id], signal }) {
  await (kind === "cart" ? showCart(id, signal) : showWallet(signal));
}

/** @param {string} id @param {AbortSignal} signal */
async function showCart(id, signal) {
  const reservation = /** @type {Reservation} */ ((await ask(`/reservations/${id}`, { auth: true, signal })).body);
  if (reservation.state === "paid") {
    go(`/app/tickets/${id}`, { replace: true });
    return;
  }
  // A buyer who holds seats behind a queue has come from the concert, so this browser knows it.
  const concert = knownConcert(reservation.concert_id);
  const queueToken = concert?.queue_id && readPlace(concert.queue_id)?.token;
  if (reservation.state !== "held") {
    await showEnd(reservation, queueToken, signal);
    return;
  }
  const { tickets, total } = reservation;
  const balance = await readBalance(signal);
  fill(t("cart.title"),
    h("p", { class: "note" }, t("cart.held_for"), " ", timer(reservation.expires_at, signal, () => void showScreen())),
    h("div", { class: "columns" },
      h("section", { class: "panel", "aria-labelledby": "seats-title" },
        h("h2", { id: "seats-title" }, h("bdi", {}, concert?.name ?? reservation.place)),
        h("p", { class: "muted" }, timeTag(reservation.starts_at), " · ", h("bdi", {}, reservation.place)),
        h("ul", { class: "plain lines" }, ...tickets.map(({ seat_id: seatId, price }) =>
          h("li", { class: "row" }, h("span", {}, seatName(seatId)), h("b", {}, money(price))))),
        h("p", { class: "row" }, t("cart.total"), h("span", { class: "total" }, money(total))),
        h("div", {}, actionButton(t("cart.give_back"), "link danger", () => giveBack(reservation)))),
      h("aside", { class: "panel" }, ...payPart(reservation, balance, queueToken))));
}

/**
 * A countdown to `until` by the server's clock, spoken at two minutes, one minute and twenty seconds.
 * @param {string} until @param {AbortSignal} signal @param {() => void} onEnd
 */
export function timer(until, signal, onEnd) {
  const element = h("b", { role: "timer" });
  let before = 0;
  const tick = () => {
    const left = Math.max(0, Math.ceil((Date.parse(until) - now()) / 1000));
    element.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    const mark = SPOKEN_SECONDS.find((one) => before > one && left <= one);
    if (mark && left > 0) {
      announce(t(mark < 60 ? "cart.seconds_left" : "cart.minutes_left", { n: mark < 60 ? mark : mark / 60 }));
    }
    before = left;
    if (left === 0) {
      clearInterval(ticking);
      onEnd();
    }
  };
  const ticking = setInterval(tick, 500);
  signal.addEventListener("abort", () => clearInterval(ticking));
  tick();
  return element;
}

/** The balance of the wallet; zero if there is none yet. @param {AbortSignal} signal @returns {Promise<number>} */
const readBalance = (signal) => ask("/wallet", { auth: true, signal }).then(({ body }) => body.balance, () => 0);

/** @param {Reservation} reservation @param {number} balance @param {string | undefined} queueToken */
function payPart({ reservation_id: id, total }, balance, queueToken) {
  const help = h("div", { class: "stack", id: "payment-help" });
  const offerTopUp = () => help.replaceChildren(h("p", { class: "note warn", role: "status" }, t("cart.too_small")),
    makeTopUp(Math.max(total - balance, 1), showScreen));
  const pay = actionButton(t("cart.pay", { total: money(total) }), "primary wide", async () => {
    await write("/payments", { reservation_id: id }, { queueToken });
    announce(t("cart.paid"));
    go(`/app/tickets/${id}`, { replace: true });
  }, (text, problem) => {
    if (problem instanceof Refusal && ["insufficient-balance", "no-wallet"].includes(problem.code)) {
      offerTopUp();
    } else {
      help.replaceChildren(h("p", { class: "note bad", role: "alert" }, text));
    }
  });
  pay.id = "pay";
  if (balance < total) {
    offerTopUp();
  }
  /** @param {string} key @param {number} amount */
  const line = (key, amount) => h("p", { class: "row" }, t(key), h("b", {}, money(amount)));
  const after = balance < total ? [] : [line("cart.after", balance - total)];
  return [h("h2", {}, t("cart.pay_title")), line("cart.balance", balance), line("cart.total", total), ...after, pay,
    help, h("p", { class: "muted" }, t("cart.whole_price"))];
}

/** @param {Reservation} reservation */
async function giveBack(reservation) {
  await ask(`/reservations/${reservation.reservation_id}`, { method: "DELETE", auth: true });
  announce(t("cart.given_back"));
  go(pathOfSeats(reservation), { replace: true });
}

/** @param {Reservation} reservation */
const pathOfSeats = ({ concert_id: concertId, schedule_id: id }) => `/app/concerts/${concertId}/dates/${id}`;

/**
 * Says why the seats are no longer held, and what is still free.
 * @param {Reservation} reservation @param {string | undefined} queueToken @param {AbortSignal} signal
 */
async function showEnd(reservation, queueToken, signal) {
  const nearby = h("p", { class: "muted" });
  fill(t("cart.ended_title"), h("div", { class: "panel empty" }, h("p", {}, t(`cart.${reservation.state}`)),
    h("a", { class: "button primary", href: pathOfSeats(reservation) }, t("cart.choose_again")), nearby));
  nearby.textContent = await describeNearby(reservation, queueToken, signal);
}

/**
 * A sentence about what is still free in the rows and the section of seats that were lost.
 * @param {Reservation} reservation @param {string | undefined} queueToken @param {AbortSignal} signal
 */
async function describeNearby({ schedule_id: scheduleId, tickets }, queueToken, signal) {
  const [section] = tickets[0].seat_id.split("-");
  const path = `/schedules/${scheduleId}/seats?view=rows&section=${encodeURIComponent(section)}`;
  const answer = await ask(path, { auth: Boolean(queueToken), queueToken, signal }).catch(() => undefined);
  const found = answer?.body.sections[0];
  if (!found) {
    return "";
  }
  const lostRows = new Set(tickets.map((ticket) => ticket.seat_id.split("-")[1]));
  const states = found.rows?.map((/** @type {Row} */ row) => (lostRows.has(row.row) ? row.states : "")).join("") ?? "";
  const near = states.split("a").length - 1;
  return near > 0 ? t("cart.near_row", { n: near, section }) : t("cart.near_section", { n: found.available, section });
}

/** @param {AbortSignal} signal */
async function showWallet(signal) {
  const { items, next } = await readEntries("", signal);
  // The newest entry has the balance, which saves a request.
  const balance = items[0]?.balance_after ?? 0;
  fill(t("wallet.title"), h("div", { class: "columns" },
    h("aside", { class: "panel first" }, h("h2", {}, t("wallet.balance")),
      h("p", { class: "total", id: "balance" }, money(balance)), makeTopUp(TOP_UPS[1], showScreen)),
    h("section", { class: "panel", "aria-labelledby": "ledger-title" },
      h("h2", { id: "ledger-title" }, t("wallet.ledger")),
      ...(items.length ? makeLedger(items, next, signal) : [h("p", { class: "muted" }, t("wallet.empty"))]))));
}

/**
 * A page of the ledger; an account without a wallet has an empty one.
 * @param {string} cursor @param {AbortSignal} signal
 */
async function readEntries(cursor, signal) {
  const query = cursor && `?cursor=${encodeURIComponent(cursor)}`;
  try {
    return (await ask(`/wallet/entries${query}`, { auth: true, signal })).body;
  } catch (problem) {
    if (problem instanceof Refusal && problem.code === "no-wallet") {
      return { items: [], next: null };
    }
    throw problem;
  }
}

/** @param {any[]} items @param {string | null} next @param {AbortSignal} signal */
function makeLedger(items, next, signal) {
  const rows = h("tbody", {}, ...items.map(makeRow));
  const columns = ["wallet.when", "wallet.kind", "wallet.amount", "wallet.balance"];
  const head = h("tr", {}, ...columns.map((key) => h("th", { scope: "col" }, t(key))));
  let cursor = next ?? "";
  const more = actionButton(t("list.more"), "", async () => {
    const page = await readEntries(cursor, signal);
    rows.append(...page.items.map(makeRow));
    cursor = page.next ?? "";
    more.hidden = !cursor;
  });
  more.hidden = !cursor;
  return [h("div", { class: "scroll", tabindex: 0, role: "group", "aria-labelledby": "ledger-title" },
    h("table", {}, h("thead", {}, head), rows)), more];
}

/** @param {any} entry */
function makeRow({ at, kind, memo, amount, balance_after: balance }) {
  const isIn = amount > 0;
  return h("tr", {},
    h("td", {}, timeTag(at)),
    h("td", {}, t(`wallet.${kind}`), memo && " · ", memo && h("bdi", {}, memo)),
    h("td", { class: isIn ? "amount in" : "amount" }, (isIn ? "+" : "") + money(amount)),
    h("td", { class: "amount" }, money(balance)));
}

/** An amount as an input of main units has it. @param {number} amount In minor units. */
const toDecimal = (amount) => (amount / unit).toFixed(Number(decimals));

/**
 * The form of a top-up, for any screen that needs money; or a sentence, where the shop takes no top-ups.
 * @param {number} amount The first proposal, in minor units. @param {() => Promise<void>} onDone
 */
export function makeTopUp(amount, onDone) {
  if (freeTopUps === undefined) {
    return h("p", { class: "note" }, t("wallet.closed"));
  }
  const [min, max] = [1, TOP_UP_MAX].map(toDecimal);
  const attributes = { id: "amount", type: "number", inputmode: "decimal", min, max, step: min, required: true };
  const input = h("input", { ...attributes, value: toDecimal(amount) });
  const name = new Intl.DisplayNames(language, { type: "currency" }).of(currency) ?? currency;
  const button = h("button", { class: "primary wide" }, t("wallet.top_up"));
  const proposals = TOP_UPS.map((sum) =>
    h("button", { type: "button", click: () => { input.value = toDecimal(sum); } }, money(sum)));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void act(button, async () => {
      await topUp(Math.round(Number(input.value) * unit));
      announce(t("wallet.done"));
      await onDone();
    });
  };
  return h("form", { class: "stack top-up", submit },
    h("p", {}, h("label", { for: "amount" }, t("wallet.amount_label", { currency: name })), input),
    h("div", { class: "chips" }, ...proposals),
    h("div", {}, button),
    h("p", { class: "muted" }, t("wallet.free")));
}

/** Tops up, and makes the wallet first if the account has none. @param {number} amount */
async function topUp(amount) {
  try {
    await write("/wallet/charges", { amount });
  } catch (problem) {
    if (!(problem instanceof Refusal && problem.code === "no-wallet")) {
      throw problem;
    }
    await ask("/wallet", { method: "POST", auth: true, body: {} });
    await write("/wallet/charges", { amount });
  }
}
