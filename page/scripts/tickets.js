/** Purchases: reservations with their tickets, and orders of the shop. */

import {
  actionButton, announce, ask, explain, fill, h, keepCard, keepConcert, knownConcert, money, readCard, seatName,
  showScreen, t, timeTag, write,
} from "./app.js";

/** @import { Answer, Concert, Reservation, Screen, Ticket } from "./types.js" */

const LISTS = [["/app/tickets", "tickets.title"], ["/app/orders", "orders.title"], ["/app/wallet", "wallet.title"]];
const SEATS_SHOWN_MAX = 4;

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
 * @param {string} kind Its path and the beginning of its words. @param {string} title
 * @param {(item: any, signal: AbortSignal) => Promise<HTMLElement>} makeCard @param {AbortSignal} signal
 */
async function showList(kind, title, makeCard, signal) {
  const list = h("ul", { class: "plain stack" });
  let query = "";
  const load = async () => {
    const { body } = await ask(`/${kind}${query}`, { auth: true, signal });
    list.append(...await Promise.all(body.items.map((/** @type {any} */ item) => makeCard(item, signal))));
    query = body.next ? `?cursor=${encodeURIComponent(body.next)}` : "";
    more.hidden = !query;
  };
  const more = actionButton(t("list.more"), "", load);
  await load();
  const links = LISTS.map(([href, key]) =>
    h("a", { class: "button", href, "aria-current": key === title && "page" }, t(key)));
  const begin = h("a", { class: "button primary", href: kind === "orders" ? "/app/shop" : "/" }, t(`${kind}.begin`));
  fill(t(title),
    h("nav", { class: "chips", "aria-label": t("tickets.nav") }, ...links),
    list.childElementCount ? list : h("div", { class: "panel empty" }, h("p", {}, t(`${kind}.none`)), begin),
    h("p", { class: "more" }, more));
}

/** Concerts that are being asked for. @type {Map<string, Promise<Answer>>} */
const asked = new Map();

/** The name of a concert, asked for once in a browser. @param {string} id @param {AbortSignal} signal */
async function nameOf(id, signal) {
  const known = knownConcert(id);
  if (known) {
    return known.name;
  }
  const answer = asked.get(id) ?? ask(`/concerts/${id}`, { signal }).finally(() => asked.delete(id));
  asked.set(id, answer);
  const concert = /** @type {Concert} */ ((await answer).body);
  keepConcert(concert);
  return concert.name;
}

/** @param {string} state */
const badge = (state) => h("span", { class: "state", "data-state": state }, t(`purchase.${state}`));

/** @param {Reservation} reservation @param {AbortSignal} signal */
async function reservationCard(reservation, signal) {
  const { reservation_id: id, state, tickets } = reservation;
  const name = await nameOf(reservation.concert_id, signal);
  const isHeld = state === "held";
  const seats = tickets.filter((ticket) => ticket.state === state).map((ticket) => ticket.seat_id);
  const shown = seats.slice(0, SEATS_SHOWN_MAX).join(", ") + (seats.length > SEATS_SHOWN_MAX ? " …" : "");
  const total = money(reservation.total);
  const link = h("a", { href: `/app/${isHeld ? "cart" : "tickets"}/${id}` }, h("bdi", {}, name));
  return h("li", { class: "panel entry", "data-reservation-id": id },
    h("div", { class: "row" }, h("h2", {}, link), badge(state)),
    h("p", {}, timeTag(reservation.starts_at), " · ", h("bdi", {}, reservation.place)),
    h("p", { class: "row" }, h("span", { class: "muted" }, shown), h("b", {}, total)),
    isHeld && h("p", { class: "note warn" }, t("tickets.pay_soon")));
}

/** @param {any} order */
async function orderCard({ order_id: id, items, state, created_at: createdAt, total }) {
  const names = items.map((/** @type {any} */ { name, quantity }) => `${name} × ${quantity}`).join(", ");
  return h("li", { class: "panel entry", "data-order-id": id },
    h("div", { class: "row" }, h("h2", {}, h("a", { href: `/app/orders/${id}` }, h("bdi", {}, names))), badge(state)),
    h("p", { class: "row" }, h("span", { class: "muted" }, timeTag(createdAt)), h("b", {}, money(total))));
}

/** @param {string} id @param {AbortSignal} signal */
async function showReservation(id, signal) {
  const reservation = /** @type {Reservation} */ ((await ask(`/reservations/${id}`, { auth: true, signal })).body);
  const { state, tickets, total, payment_id: paymentId } = reservation;
  const name = await nameOf(reservation.concert_id, signal);
  const values = { total: money(total) };
  const returnAll = returnButton("tickets.return_all", values, `/payments/${paymentId}/cancel`, "POST");
  fill(name,
    h("p", { class: "facts" }, badge(state)),
    state === "held" && h("p", {}, h("a", { class: "button primary", href: `/app/cart/${id}` }, t("tickets.to_cart"))),
    h("ul", { class: "plain tickets" }, ...tickets.map((ticket) => ticketCard(reservation, name, ticket, signal))),
    state === "paid" && h("div", { class: "row actions" },
      h("button", { type: "button", click: () => print() }, t("tickets.print")), tickets.length > 1 && returnAll),
    h("p", { class: "actions" }, h("a", { href: "/app/tickets" }, t("tickets.all"))));
}

/**
 * A ticket with what is shown at the door.
 * @param {Reservation} reservation @param {string} name @param {Ticket} ticket @param {AbortSignal} signal
 */
function ticketCard(reservation, name, ticket, signal) {
  const [{ reservation_id: reservationId }, { ticket_id: id, price, state }] = [reservation, ticket];
  const path = `/reservations/${reservationId}/tickets/${id}`;
  const values = { seat: seatName(id), price: money(price) };
  return h("li", { class: "ticket", "data-state": state, "data-ticket-id": id },
    h("div", { class: "ticket-text" },
      h("h2", {}, h("bdi", {}, name)),
      h("p", {}, timeTag(reservation.starts_at)),
      h("p", { class: "muted" }, h("bdi", {}, reservation.place)),
      h("p", {}, h("b", {}, values.seat)),
      h("p", {}, values.price, " ", state !== reservation.state && badge(state))),
    h("div", { class: "ticket-code" },
      h("span", { class: "muted" }, t("tickets.code")), h("strong", { class: "code" }, id),
      state === "paid" && codePart(`${path}/code`, values.seat, signal),
      state === "paid" && returnButton("tickets.return", values, path, "DELETE")));
}

/**
 * The code of a ticket, as a picture and as a text. It fills itself, and says so if it cannot.
 * @param {string} path @param {string} seat @param {AbortSignal} signal
 */
function codePart(path, seat, signal) {
  const part = h("div", { class: "door", "aria-busy": "true" });
  const load = async () => {
    const { body } = await ask(path, { auth: true, signal, accept: "image/svg+xml" });
    part.replaceChildren(...drawCode(body, t("tickets.picture", { seat })), renew);
    part.ariaBusy = null;
  };
  const renew = actionButton(t("tickets.new_code"), "link", async () => {
    const { confirmByDialog } = await import("./dialog.js");
    if (await confirmByDialog(t("tickets.new_code_question", { seat }), t("tickets.new_code"))) {
      await write(path, {});
      await load();
      announce(t("tickets.new_code_done", { seat }));
    }
  });
  load().catch((problem) => {
    if (!signal.aborted) {
      part.replaceChildren(h("p", { class: "note bad" }, explain(problem)), actionButton(t("shell.again"), "", load));
      part.ariaBusy = null;
    }
  });
  return part;
}

/**
 * The picture of a code and its text. No answer becomes markup: of the picture, the size and the lines are taken.
 * @param {string} svg @param {string} label
 */
function drawCode(svg, label) {
  const make = (/** @type {string} */ tag, /** @type {Record<string, string>} */ attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    return element;
  };
  const parts = /viewBox="0 0 (\d+).*<desc>([\w.-]+)<.*stroke="#000" d="([^"]+)"/.exec(svg) ?? [];
  const [, side = "", code = "", lines = ""] = parts;
  const picture = make("svg", { viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": label,
    "shape-rendering": "crispEdges" });
  picture.append(make("path", { d: `M0 0h${side}v${side}H0z`, fill: "#fff" }),
    make("path", { d: lines, stroke: "#000" }));
  return [picture, h("code", {}, code)];
}

/**
 * A button that asks before it gives something back.
 * @param {string} key Its text; `<key>_question` is the question. @param {Record<string, string>} values
 * @param {string} path @param {string} method
 */
function returnButton(key, values, path, method) {
  return actionButton(t(key), "link danger", async () => {
    const { confirmByDialog } = await import("./dialog.js");
    if (await confirmByDialog(t(`${key}_question`, values), t(key))) {
      await ask(path, { method, auth: true, body: method === "POST" ? {} : undefined });
      announce(t("tickets.returned"));
      await showScreen();
    }
  });
}

/** @param {string} id @param {AbortSignal} signal */
async function showOrder(id, signal) {
  const { body: order } = await ask(`/orders/${id}`, { auth: true, signal });
  const { state } = order;
  const total = money(order.total);
  /** @param {string} text @param {number} amount */
  const line = (text, amount) => h("li", { class: "row" }, h("bdi", {}, text), h("b", {}, money(amount)));
  const lines = order.items.map((/** @type {any} */ item) => line(`${item.name} × ${item.quantity}`, item.amount));
  const refund = returnButton("orders.return", { total }, `/payments/${order.payment_id}/cancel`, "POST");
  const payment = state === "pending" ? await payPart(order, signal) : [];
  const charged = await describeCharge(state, signal);
  fill(t("orders.one"),
    h("p", { class: "row facts" }, h("span", { class: "muted" }, timeTag(order.created_at)), badge(state)),
    h("section", { class: "panel" },
      h("ul", { class: "plain lines" }, ...lines, order.discount > 0 && line(t("orders.discount"), -order.discount)),
      h("p", { class: "row" }, t("cart.total"), h("span", { class: "total" }, total)),
      charged && h("p", { class: "note warn" }, charged),
      ...payment,
      state === "pending" && h("div", {}, returnButton("orders.cancel", {}, `/orders/${id}`, "DELETE")),
      state === "paid" && h("div", {}, refund)),
    h("p", {}, h("a", { href: "/app/orders" }, t("orders.all"))));
}

/** The ways to pay an order. @param {any} order @param {AbortSignal} signal @returns {Promise<Node[]>} */
async function payPart({ order_id: id, total, expires_at: expiresAt }, signal) {
  const wish = { order_id: id };
  const pay = actionButton(t("cart.pay", { total: money(total) }), "primary wide", async () => {
    await write("/payments", wish);
    await showScreen();
  });
  pay.id = "pay";
  const walletPart = () => [h("div", {}, pay)];
  // Most orders are paid when they are made, and need none of this.
  const { payWays, timer } = await import("./pay.js");
  return [h("p", { class: "note" }, t("orders.held_for"), " ", timer(expiresAt, signal, () => void showScreen())),
    ...payWays({ wish, signal, onPaid: showScreen }, walletPart)];
}

/** What became of a card payment that was begun here, where the order does not say it. */
async function describeCharge(/** @type {string} */ state, /** @type {AbortSignal} */ signal) {
  const path = location.pathname;
  if (state === "paid") {
    keepCard(path, null);
  }
  return state !== "pending" && readCard(path) ? (await import("./pay.js")).describeCharge(path, signal) : "";
}
