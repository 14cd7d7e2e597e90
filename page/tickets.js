/** What the visitor has: reservations with their tickets, and orders of the shop. */

import { act, announce, ask, concertOf, fill, h, money, seatName, showScreen, t, timeTag, write } from "./app.js";

/** @import { Reservation, Screen, Ticket } from "./types.js" */

/** @type {Screen} */
export default async function showTickets({ params: [kind, id], signal }) {
  if (kind === "orders") {
    await (id ? showOrder(id, signal) : showList("orders", "orders.title", orderCard, signal));
  } else {
    await (id ? showReservation(id, signal) : showList("reservations", "tickets.title", reservationCard, signal));
  }
}

/**
 * A list, newest first, with a button for its next page.
 * @param {string} path @param {string} title @param {(item: any, signal: AbortSignal) => Promise<HTMLElement>} makeCard
 * @param {AbortSignal} signal
 */
async function showList(path, title, makeCard, signal) {
  const list = h("ul", { class: "plain stack" });
  let next = "";
  const load = async () => {
    const { body } = await ask(`/${path}${next}`, { auth: true, signal });
    list.append(...await Promise.all(body.items.map((/** @type {any} */ item) => makeCard(item, signal))));
    next = body.next ? `?cursor=${encodeURIComponent(body.next)}` : "";
    more.hidden = !next;
  };
  const more = h("button", { type: "button", click: () => act(more, load) }, t("list.more"));
  await load();
  const links = h("nav", { class: "chips", "aria-label": t("tickets.nav") },
    ...[["/app/tickets", "tickets.title"], ["/app/orders", "orders.title"], ["/app/wallet", "wallet.title"]].map(([href, key]) =>
      h("a", { class: "button", href, "aria-current": key === title && "page" }, t(key))));
  const empty = h("div", { class: "panel empty" }, h("p", {}, t(`${path}.none`)), h("a", { class: "button primary",
    href: path === "orders" ? "/app/shop" : "/" }, t(`${path}.begin`)));
  fill(t(title), links, list.childElementCount ? list : empty, h("p", { class: "more" }, more));
}

/** @param {Reservation} reservation @param {AbortSignal} signal */
async function reservationCard(reservation, signal) {
  const { reservation_id: id, concert_id: concertId, state, starts_at: startsAt, place, tickets } = reservation;
  const concert = await concertOf(concertId, signal);
  const kept = tickets.filter((ticket) => ticket.state === state);
  const isHeld = state === "held";
  return h("li", { class: "panel entry", "data-reservation-id": id },
    h("div", { class: "row" },
      h("h2", {}, h("a", { href: `/app/${isHeld ? "cart" : "tickets"}/${id}` }, h("bdi", {}, concert.name))), badge(state)),
    h("p", {}, timeTag(startsAt), " · ", h("bdi", {}, place)),
    h("p", { class: "row" },
      h("span", { class: "muted" }, kept.slice(0, 4).map((ticket) => ticket.seat_id).join(", ")),
      h("b", {}, money(reservation.total, reservation.currency))),
    isHeld && h("p", { class: "note warn" }, t("tickets.pay_soon")));
}

/** @param {any} order */
async function orderCard({ order_id: id, items, state, created_at: createdAt, total, currency }) {
  const names = items.map((/** @type {any} */ { name, quantity }) => `${name} × ${quantity}`).join(", ");
  return h("li", { class: "panel entry", "data-order-id": id },
    h("div", { class: "row" }, h("h2", {}, h("a", { href: `/app/orders/${id}` }, h("bdi", {}, names))), badge(state)),
    h("p", { class: "row" }, h("span", { class: "muted" }, timeTag(createdAt)), h("b", {}, money(total, currency))));
}

/** @param {string} state */
const badge = (state) => h("span", { class: "state", "data-state": state }, t(`purchase.${state}`));

/** @param {string} id @param {AbortSignal} signal */
async function showReservation(id, signal) {
  const reservation = /** @type {Reservation} */ ((await ask(`/reservations/${id}`, { auth: true, signal })).body);
  const concert = await concertOf(reservation.concert_id, signal);
  const isPaid = reservation.state === "paid";
  fill(concert.name,
    h("p", { class: "muted" }, timeTag(reservation.starts_at), " · ", h("bdi", {}, reservation.place)),
    h("p", {}, badge(reservation.state)),
    reservation.state === "held" && h("p", {}, h("a", { class: "button primary", href: `/app/cart/${id}` }, t("tickets.to_cart"))),
    h("ul", { class: "plain tickets" }, ...reservation.tickets.map((ticket) =>
      ticketCard(reservation, concert, ticket))),
    isPaid && h("div", { class: "row actions" },
      h("button", { type: "button", click: () => print() }, t("tickets.print")),
      reservation.tickets.length > 1 && dangerButton("tickets.return_all", t("tickets.return_all_question",
        { total: money(reservation.total, reservation.currency) }), `/payments/${reservation.payment_id}/cancel`, "POST")),
    h("p", { class: "actions" }, h("a", { href: "/app/tickets" }, t("tickets.all"))));
}

/** A ticket; its seat is its code. @param {Reservation} reservation @param {any} concert @param {Ticket} ticket */
function ticketCard({ reservation_id: id, starts_at: startsAt, place, currency }, concert, { ticket_id: ticketId, price, state }) {
  const path = `/reservations/${id}/tickets/${ticketId}`;
  return h("li", { class: "ticket", "data-state": state, "data-ticket-id": ticketId },
    h("div", { class: "ticket-text" },
      h("h2", {}, h("bdi", {}, concert.name)),
      h("p", {}, timeTag(startsAt)), h("p", { class: "muted" }, h("bdi", {}, place)),
      h("p", {}, h("b", {}, seatName(ticketId))), h("p", {}, money(price, currency), " ", state !== "paid" && badge(state))),
    h("div", { class: "ticket-code" }, h("span", { class: "muted" }, t("tickets.code")), h("strong", { class: "code" }, ticketId),
      state === "paid" && dangerButton("tickets.return", t("tickets.return_question",
        { seat: seatName(ticketId), price: money(price, currency) }), path, "DELETE")));
}

/**
 * A button that asks before it gives something back.
 * @param {string} key @param {string} question @param {string} path @param {string} method
 */
function dangerButton(key, question, path, method) {
  const button = h("button", { type: "button", class: "link danger", click: () => act(button, async () => {
    const { confirmByDialog } = await import("./dialog.js");
    if (await confirmByDialog(question, t(key))) {
      await ask(path, { method, auth: true, body: method === "POST" ? {} : undefined });
      announce(t("tickets.returned"));
      await showScreen();
    }
  }) }, t(key));
  return button;
}

/** @param {string} id @param {AbortSignal} signal */
async function showOrder(id, signal) {
  const { body: order } = await ask(`/orders/${id}`, { auth: true, signal });
  const { state, currency } = order;
  const line = (/** @type {string} */ text, /** @type {number} */ amount) =>
    h("li", { class: "row" }, h("bdi", {}, text), h("b", {}, money(amount, currency)));
  const pay = h("button", { type: "button", class: "primary", click: () => act(pay, async () => {
    await write("/payments", { order_id: id });
    await showScreen();
  }) }, t("cart.pay", { total: money(order.total, currency) }));
  fill(t("orders.one"),
    h("p", {}, badge(state), " ", h("span", { class: "muted" }, timeTag(order.created_at))),
    h("section", { class: "panel" },
      h("ul", { class: "plain lines" },
        ...order.items.map((/** @type {any} */ { name, quantity, amount }) => line(`${name} × ${quantity}`, amount)),
        order.discount > 0 && line(t("orders.discount"), -order.discount)),
      h("p", { class: "row" }, t("cart.total"), h("span", { class: "total" }, money(order.total, currency))),
      state === "pending" && h("div", {}, pay),
      state === "pending" && dangerButton("orders.cancel", t("orders.cancel_question"), `/orders/${id}`, "DELETE"),
      state === "paid" && dangerButton("orders.return", t("orders.return_question", { total: money(order.total, currency) }),
        `/payments/${order.payment_id}/cancel`, "POST")),
    h("p", {}, h("a", { href: "/app/orders" }, t("orders.all"))));
}
