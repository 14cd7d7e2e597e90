/**
 * Paying: the cart with its held seats and their timer, the wallet with its ledger, top-ups and payouts, and the choice
 * between wallet and card. They are one module because a cart without enough money needs them all.
 */

import {
  Refusal, act, actionButton, announce, ask, cardScript, currency, decimals, fill, freeTopUps, go, h, keepCard,
  knownConcert, language, money, now, readCard, readPlace, seatName, showScreen, t, timeTag, unit, write,
} from "./app.js";

/** @import { CardPurchase, Reservation, Row, Screen } from "./types.js" */

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
    showPaid(id);
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
      h("aside", { class: "panel" }, h("h2", {}, t("cart.pay_title")),
        ...payWays({ wish: { reservation_id: id }, queueToken, signal, onPaid: () => showPaid(id) },
          () => walletPart(reservation, balance, queueToken)),
        h("p", { class: "muted" }, t("cart.whole_price")))));
}

/** The tickets of a reservation that is paid. @param {string} id */
function showPaid(id) {
  keepCard(`/app/cart/${id}`, null);
  announce(t("cart.paid"));
  go(`/app/tickets/${id}`, { replace: true });
}

/**
 * The ways to pay for something: from the wallet, or by card if the shop takes cards. A card payment that was begun
 * here before goes on.
 * @param {Omit<CardPurchase, "path" | "controls">} purchase @param {() => Node[]} makeWalletPart
 * @returns {Node[]}
 */
export function payWays(purchase, makeWalletPart) {
  if (cardScript === undefined) {
    return makeWalletPart();
  }
  const path = location.pathname;
  const body = h("div", { class: "stack" });
  let shown = new AbortController();
  const choose = (/** @type {boolean} */ isCard) => {
    shown.abort();
    shown = new AbortController();
    if (isCard) {
      const signal = AbortSignal.any([purchase.signal, shown.signal]);
      openCard(body, { ...purchase, path, signal, controls: ways });
    } else {
      body.replaceChildren(...makeWalletPart());
    }
  };
  const hasBegun = readCard(path) !== null;
  const way = (/** @type {string} */ name, isCard = name === "card") => h("label", {},
    h("input", { type: "radio", name: "way", checked: isCard === hasBegun, change: () => choose(isCard) }),
    t(`pay.${name}`));
  const ways = h("fieldset", { class: "ways" }, h("legend", { class: "unseen" }, t("pay.ways")), way("wallet"),
    way("card"));
  choose(hasBegun);
  return [ways, body];
}

/**
 * Shows the form of a card. A document that does not let the provider's script run is loaded again from the address of
 * this screen, whose document does.
 * @param {HTMLElement} place @param {CardPurchase} purchase
 */
function openCard(place, purchase) {
  const { path, wish, controls, signal } = purchase;
  const begun = readCard(path);
  if (!begun) {
    keepCard(path, { key: crypto.randomUUID(), wish });
  }
  // What a redirect of the provider has added to the address is told to nobody.
  history.replaceState(null, "", path);
  const loading = h("span", { class: "unseen" }, t("shell.loading"));
  place.replaceChildren(h("div", { class: "loading", role: "status" }, loading));
  if (!cardScript) {
    location.reload();
    return;
  }
  void act(place, async () => {
    const { makeCardForm } = await import("./card.js");
    signal.throwIfAborted();
    place.replaceChildren(makeCardForm(purchase));
    if (!begun?.id) {
      /** @type {HTMLElement | null} */ (controls.querySelector(":checked"))?.focus({ preventScroll: true });
    }
  });
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
function walletPart({ reservation_id: id, total }, balance, queueToken) {
  const help = h("div", { class: "stack", id: "payment-help" });
  const tooSmall = t(freeTopUps === undefined ? "cart.too_small_closed" : "cart.too_small");
  const offerTopUp = () => help.replaceChildren(h("p", { class: "note warn", role: "status" }, tooSmall),
    makeTopUp(Math.max(total - balance, 1), showScreen));
  const pay = actionButton(t("cart.pay", { total: money(total) }), "primary wide", async () => {
    await write("/payments", { reservation_id: id }, { queueToken });
    showPaid(id);
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
  return [line("cart.balance", balance), line("cart.total", total), ...after, pay, help];
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
  const charged = await describeCharge(location.pathname, signal);
  fill(t("cart.ended_title"), h("div", { class: "panel empty" }, h("p", {}, t(`cart.${reservation.state}`)),
    (charged || reservation.state === "expired") && h("p", {}, charged || t("cart.uncharged")),
    h("a", { class: "button primary", href: pathOfSeats(reservation) }, t("cart.choose_again")), nearby));
  nearby.textContent = await describeNearby(reservation, queueToken, signal);
}

/**
 * A sentence about the card payment that was begun on the screen at `path`, if anything was charged or may still be.
 * @param {string} path @param {AbortSignal} signal
 */
export async function describeCharge(path, signal) {
  const id = readCard(path)?.id;
  if (!id) {
    return "";
  }
  const { lookAt } = await import("./card.js");
  const outcome = await lookAt(id, signal).catch(() => "open");
  signal.throwIfAborted();
  if (outcome !== "open") {
    keepCard(path, null);
  }
  return ["in_wallet", "open", "reversed"].includes(outcome) ? t(`card.${outcome}`) : "";
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
      h("p", { class: "total", id: "balance" }, money(balance)), topUpPart(signal),
      cardScript !== undefined && balance > 0 && makePayOut()),
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

/** The top-up of the wallet's own screen, the only one that takes a card for it. @param {AbortSignal} signal */
function topUpPart(signal) {
  if (cardScript === undefined) {
    return makeTopUp(TOP_UPS[1], showScreen);
  }
  const path = location.pathname;
  const place = h("div", { class: "stack" });
  const body = h("div", { class: "stack" });
  const controls = h("fieldset", {}, actionButton(t("wallet.top_up_otherwise"), "link", async () => {
    keepCard(path, null);
    await showScreen();
  }));
  const openWith = (/** @type {object} */ wish) => {
    place.replaceChildren(h("h3", {}, t("wallet.top_up_card")), body, controls);
    openCard(body, { path, wish, controls, signal, onPaid: showToppedUp });
  };
  place.append(makeTopUp(TOP_UPS[1], showScreen, (amount) => openWith({ top_up: amount })));
  const begun = readCard(path);
  if (begun) {
    openWith(begun.wish);
  }
  return place;
}

async function showToppedUp() {
  announce(t("wallet.done"));
  await showScreen();
}

/** An amount as an input of main units has it. @param {number} amount In minor units. */
const toDecimal = (amount) => (amount / unit).toFixed(Number(decimals));

/** An input of an amount in main units. @param {string} id @param {number} [amount] The first proposal, in minor units. */
function amountInput(id, amount) {
  const [min, max] = [1, TOP_UP_MAX].map(toDecimal);
  const value = amount === undefined ? "" : toDecimal(amount);
  return h("input", { id, type: "number", inputmode: "decimal", min, max, step: min, required: true, value });
}

/** The amount of such an input, in minor units. @param {HTMLInputElement} input */
const amountOf = (input) => Math.round(Number(input.value) * unit);

/** The name of the shop's currency. */
const currencyName = () => new Intl.DisplayNames(language, { type: "currency" }).of(currency) ?? currency;

/** The form that pays a part of the balance out. */
function makePayOut() {
  const input = amountInput("payout");
  input.setAttribute("aria-describedby", "payout-note");
  const button = h("button", { class: "wide" }, t("wallet.pay_out"));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void act(button, async () => {
      await write("/wallet/payouts", { amount: amountOf(input) });
      announce(t("wallet.paid_out"));
      await showScreen();
    });
  };
  return h("details", {}, h("summary", {}, t("wallet.pay_out_title")),
    h("form", { class: "stack top-up", submit },
      h("p", { class: "muted", id: "payout-note" }, t("wallet.pay_out_note")),
      h("p", {}, h("label", { for: "payout" }, t("wallet.pay_out_label", { currency: currencyName() })), input),
      h("div", {}, button)));
}

/**
 * The form of a top-up, for any screen that needs money; or a sentence, where none can be made on it.
 * @param {number} amount The first proposal, in minor units. @param {() => Promise<void>} onDone
 * @param {(amount: number) => void} [onCard] Tops up by card instead; none offers no card.
 */
export function makeTopUp(amount, onDone, onCard) {
  if (freeTopUps === undefined && !onCard) {
    return explainClosed();
  }
  const input = amountInput("amount", amount);
  const button = h("button", { class: "primary wide" }, t("wallet.top_up"));
  const proposals = TOP_UPS.map((sum) =>
    h("button", { type: "button", click: () => { input.value = toDecimal(sum); } }, money(sum)));
  const payByCard = () => input.reportValidity() && onCard?.(amountOf(input));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (freeTopUps === undefined) {
      payByCard();
      return;
    }
    void act(button, async () => {
      await topUp(amountOf(input));
      announce(t("wallet.done"));
      await onDone();
    });
  };
  const byCard = h("button", { type: "button", class: "wide", id: "by-card", click: payByCard }, t("wallet.top_up_card"));
  return h("form", { class: "stack top-up", submit },
    h("p", {}, h("label", { for: "amount" }, t("wallet.amount_label", { currency: currencyName() })), input),
    h("div", { class: "chips" }, ...proposals),
    freeTopUps !== undefined && h("div", {}, button),
    onCard && h("div", {}, byCard),
    freeTopUps !== undefined && h("p", { class: "muted" }, t("wallet.free")));
}

/** Says where money comes from on a screen without a form: every screen that needs some takes a card as well. */
function explainClosed() {
  const byCard = [t("wallet.card_instead"), " ", h("a", { href: "/app/wallet" }, t("wallet.top_up_card"))];
  return h("p", { class: "note" }, ...(cardScript === undefined ? [t("wallet.closed")] : byCard));
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
