/** The cart: the held seats, what they cost, how long they are held, and the payment. */

import {
  Refusal, act, announce, ask, concertOf, fill, go, h, money, readPlace, seatName, showScreen, t, timeTag, timer, write,
} from "./app.js";

/** @import { Reservation, Row, Screen } from "./types.js" */

/** @type {Screen} */
export default async function showCart({ params: [id], signal }) {
  const balanceAsked = readBalance(signal);
  const reservation = /** @type {Reservation} */ ((await ask(`/reservations/${id}`, { auth: true, signal })).body);
  const concert = await concertOf(reservation.concert_id, signal);
  const queueToken = concert.queue_id && readPlace(concert.queue_id)?.token;
  const seatsPath = `/app/concerts/${reservation.concert_id}/dates/${reservation.schedule_id}`;
  if (reservation.state === "paid") {
    go(`/app/tickets/${id}`, { replace: true });
    return;
  }
  if (reservation.state !== "held") {
    const back = h("a", { class: "button primary", href: seatsPath }, t("cart.choose_again"));
    const nearby = h("p", { class: "muted" });
    fill(t("cart.ended_title"), h("div", { class: "panel empty" },
      h("p", {}, t(`cart.${reservation.state}`)), nearby, h("p", {}, back)));
    nearby.textContent = await describeNearby(reservation, queueToken, signal);
    return;
  }
  const balance = await balanceAsked;
  const end = timer(reservation.expires_at, signal, () => void showScreen());
  fill(t("cart.title"),
    h("p", { class: "note" }, `${t("cart.held_for")} `, end),
    h("div", { class: "columns" },
      h("section", { class: "panel", "aria-labelledby": "seats-title" },
        h("h2", { id: "seats-title" }, h("bdi", {}, concert.name)),
        h("p", { class: "muted" }, timeTag(reservation.starts_at), " · ", h("bdi", {}, reservation.place)),
        h("ul", { class: "plain lines" }, ...reservation.tickets.map((ticket) =>
          h("li", { class: "row" }, h("span", {}, seatName(ticket.seat_id)), h("b", {}, money(ticket.price, reservation.currency))))),
        h("p", { class: "row" }, t("cart.total"), h("span", { class: "total" }, money(reservation.total, reservation.currency))),
        giveBackButton(reservation, seatsPath)),
      h("aside", { class: "panel" }, ...payPart(reservation, balance, queueToken))));
}

/** The balance of the wallet; zero if there is none yet. @param {AbortSignal} signal @returns {Promise<number>} */
function readBalance(signal) {
  return ask("/wallet", { auth: true, signal }).then(({ body }) => body.balance, () => 0);
}

/** @param {Reservation} reservation @param {number} balance @param {string | null | undefined} queueToken */
function payPart({ reservation_id: id, total, currency }, balance, queueToken) {
  const after = balance - total;
  const topUp = h("div", { id: "top-up-place" });
  const offerTopUp = async () => {
    const { makeTopUp } = await import("./wallet.js");
    topUp.replaceChildren(h("p", { class: "note warn", role: "status" }, t("cart.too_small")),
      makeTopUp(Math.max(total - balance, 1), async () => void showScreen()));
  };
  const pay = h("button", { type: "button", id: "pay", class: "primary wide", click: () => act(pay, async () => {
    await write("/payments", { reservation_id: id }, { queueToken });
    announce(t("cart.paid"));
    go(`/app/tickets/${id}`, { replace: true });
  }, (text, problem) => {
    const { code } = /** @type {Refusal} */ (problem);
    if (code === "insufficient-balance" || code === "no-wallet") {
      void offerTopUp();
    } else {
      topUp.replaceChildren(h("p", { class: "note bad", role: "alert" }, text));
    }
  }) }, t("cart.pay", { total: money(total, currency) }));
  if (after < 0) {
    void offerTopUp();
  }
  const line = (/** @type {string} */ key, /** @type {number} */ amount) =>
    h("p", { class: "row" }, t(key), h("b", {}, money(amount, currency)));
  return [h("h2", {}, t("cart.pay_title")), line("cart.balance", balance), line("cart.total", total),
    after >= 0 && line("cart.after", after), pay, topUp, h("p", { class: "muted" }, t("cart.whole_price"))].filter((part) => part !== false);
}

/** @param {Reservation} reservation @param {string} seatsPath */
function giveBackButton({ reservation_id: id }, seatsPath) {
  const button = h("button", { type: "button", class: "link danger", click: () => act(button, async () => {
    await ask(`/reservations/${id}`, { method: "DELETE", auth: true });
    announce(t("cart.given_back"));
    go(seatsPath, { replace: true });
  }) }, t("cart.give_back"));
  return h("p", {}, button);
}

/**
 * A sentence about what is still free in the rows and the section of seats that were lost.
 * @param {Reservation} reservation @param {string | null | undefined} queueToken @param {AbortSignal} signal
 */
async function describeNearby({ schedule_id: scheduleId, tickets }, queueToken, signal) {
  const [section] = tickets[0].seat_id.split("-");
  const path = `/schedules/${scheduleId}/seats?view=rows&section=${encodeURIComponent(section)}`;
  const answer = await ask(path, { auth: Boolean(queueToken), queueToken, signal }).catch(() => undefined);
  const found = answer?.body.sections[0];
  if (!found) {
    return "";
  }
  const lost = new Set(tickets.map((ticket) => ticket.seat_id.split("-")[1]));
  const sameRows = found.rows?.filter((/** @type {Row} */ row) => lost.has(row.row)) ?? [];
  const near = sameRows.reduce((/** @type {number} */ sum, /** @type {Row} */ row) => sum + row.states.split("a").length - 1, 0);
  return near > 0 ? t("cart.near_row", { n: near, section: section }) : t("cart.near_section", { n: found.available, section: section });
}
