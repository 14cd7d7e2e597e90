/** The shop: products, best sellers, coupons, and an order that is paid from the wallet at once or by card. */

import {
  Refusal, actionButton, announce, ask, cardScript, ensureLoggedIn, fill, freeTopUps, go, h, isLoggedIn, keepCard, money,
  t, write,
} from "./app.js";

/** @import { Screen } from "./types.js" */

const FEW_LEFT = 5;
const TOP_UP_PROPOSED = 50_000;

/** @type {Screen} */
export default async function showShop({ params: [id], signal }) {
  await (id ? showProduct(id, signal) : showProducts(signal));
}

/** @param {AbortSignal} signal */
async function showProducts(signal) {
  const popularAsked = ask("/products/popular", { signal }).then(({ body }) => body.items, () => []);
  const { body: page } = await ask("/products", { signal });
  const list = h("ul", { class: "products plain" }, ...page.items.map(makeCard));
  let cursor = page.next;
  const more = actionButton(t("list.more"), "", async () => {
    const { body } = await ask(`/products?cursor=${encodeURIComponent(cursor)}`, { signal });
    list.append(...body.items.map(makeCard));
    cursor = body.next;
    more.hidden = !cursor;
  });
  more.hidden = !cursor;
  const popular = await popularAsked;
  fill(t("shop.title"), makeClaim(), popular.length > 0 && makePopular(popular), list, h("p", { class: "more" }, more));
}

/** @param {any[]} products */
function makePopular(products) {
  const lines = products.map(({ product_id: id, name, price }) =>
    h("li", { class: "row" }, h("a", { href: `/app/shop/${id}` }, h("bdi", {}, name)), h("b", {}, money(price))));
  return h("section", { class: "panel", "aria-labelledby": "popular-title" },
    h("h2", { id: "popular-title" }, t("shop.popular")), h("ol", { class: "popular plain" }, ...lines));
}

/** @param {any} product */
function makeCard({ product_id: id, name, price }) {
  return h("li", { class: "card" }, makePoster(name, "poster"),
    h("div", { class: "about" }, h("h2", {}, h("a", { href: `/app/shop/${id}` }, h("bdi", {}, name))),
      h("p", { class: "price" }, money(price))));
}

/** Stands in for a picture, with the first letter of the product. @param {string} name @param {string} kind */
const makePoster = (name, kind) => h("div", { class: kind, "data-mark": [...name][0], "aria-hidden": "true" });

/** The coupon of a link such as `/app/shop?coupon=ID`, if there is one. */
function makeClaim() {
  const couponId = new URLSearchParams(location.search).get("coupon");
  if (!couponId) {
    return false;
  }
  const claim = actionButton(t("shop.claim"), "primary", async () => {
    if (await ensureLoggedIn()) {
      const path = `/coupons/${encodeURIComponent(couponId)}/claims`;
      const { body: coupon } = await ask(path, { method: "POST", auth: true, body: {} });
      const text = t("shop.claimed", { coupon: describeCoupon(coupon) });
      claim.replaceWith(h("p", { class: "note good", role: "status" }, text));
    }
  });
  return h("section", { class: "panel coupon", "aria-labelledby": "coupon-title" },
    h("h2", { id: "coupon-title" }, t("shop.coupon_title")), h("p", {}, t("shop.coupon_text")), claim);
}

/** What a coupon gives, in words. @param {any} coupon */
function describeCoupon({ name, discount: { kind, value, max } }) {
  const isPercent = kind === "percent";
  const off = isPercent ? t("shop.percent_off", { value }) : t("shop.amount_off", { amount: money(value) });
  return `${name} · ${off}${max ? ` ${t("shop.at_most", { amount: money(max) })}` : ""}`;
}

/** @param {string} id @param {AbortSignal} signal */
async function showProduct(id, signal) {
  const { body: product } = await ask(`/products/${id}`, { signal });
  const { name, price, available, max_per_user: most } = product;
  const isSoldOut = available < 1 || product.state !== "selling";
  const stock = isSoldOut ? "sold_out" : available <= FEW_LEFT ? "few_left" : "on_sale";
  const badge = h("span", { class: "state", "data-state": stock },
    isSoldOut ? t("shop.sold_out") : t("shop.left", { n: available }));
  const counts = Array.from({ length: Math.max(1, Math.min(most, available)) }, (_, index) => index + 1);
  const options = counts.map((count) => h("option", {}, count));
  const quantity = h("select", { id: "quantity", change: () => sum() }, ...options);
  const coupons = new CouponChoice(signal);
  const answer = h("div", { class: "stack", role: "alert" });
  const place = (/** @type {boolean} */ isCard) => async () => {
    answer.replaceChildren();
    await order({ items: [{ product_id: id, quantity: Number(quantity.value) }], ...coupons.choice, pay: !isCard });
  };
  const explainIt = (/** @type {string} */ text, /** @type {unknown} */ problem) =>
    void explainOrder(answer, text, problem);
  const buy = actionButton("", "primary wide", place(false), explainIt);
  const buyByCard = actionButton(t("shop.buy_by_card"), "wide", place(true), explainIt);
  const sum = () => {
    const total = money(price * Number(quantity.value));
    buy.textContent = isSoldOut ? t("shop.sold_out") : t("shop.buy", { total });
  };
  buy.id = "buy";
  buy.disabled = isSoldOut;
  const mayPayByCard = cardScript !== undefined && price > 0 && !isSoldOut;
  sum();
  fill(name, h("div", { class: "columns" },
    makePoster(name, "poster product-poster"),
    h("aside", { class: "panel" },
      h("p", { class: "row" }, h("span", { class: "total" }, money(price)), badge),
      h("p", {}, h("label", { for: "quantity" }, t("shop.quantity")), quantity),
      coupons.element, buy, mayPayByCard && buyByCard, answer)),
  h("p", {}, h("a", { href: "/app/shop" }, t("shop.all"))));
}

/** Orders, and pays in one transaction or else by card on the next screen. @param {Record<string, unknown>} wish */
async function order(wish) {
  if (await ensureLoggedIn()) {
    const { body } = await write("/orders", wish);
    const path = `/app/orders/${body.order_id}`;
    if (wish.pay) {
      announce(t("shop.bought"));
    } else {
      keepCard(path, { key: crypto.randomUUID(), wish: { order_id: body.order_id } });
    }
    go(path);
  }
}

/**
 * Says what to do after a refusal, and offers a top-up in place if that is all it needs.
 * @param {HTMLElement} answer @param {string} text @param {unknown} problem
 */
async function explainOrder(answer, text, problem) {
  const isPoor = problem instanceof Refusal && ["insufficient-balance", "no-wallet"].includes(problem.code);
  const tooSmall = t(freeTopUps === undefined ? "shop.too_small_closed" : "shop.too_small");
  answer.replaceChildren(h("p", { class: "note bad" }, isPoor ? tooSmall : text));
  if (isPoor) {
    const { makeTopUp } = await import("./pay.js");
    const done = h("p", { class: "note good" }, t("shop.topped_up"));
    answer.append(makeTopUp(TOP_UP_PROPOSED, async () => answer.replaceChildren(done)));
  }
}

/** The visitor's coupons, asked for once they are wanted. */
class CouponChoice {
  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.signal = signal;
    this.select = h("select", { id: "coupon" }, h("option", { value: "" }, t("shop.no_coupon")));
    this.element = h("details", { hidden: !isLoggedIn(), toggle: () => void this.#load() },
      h("summary", {}, t("shop.use_coupon")),
      h("label", { class: "unseen", for: "coupon" }, t("shop.use_coupon")), this.select,
      h("p", { class: "muted" }, t("shop.coupon_note")));
  }

  /** The part of an order that names the coupon. */
  get choice() {
    return this.select.value ? { coupon_id: this.select.value } : {};
  }

  async #load() {
    if (this.select.options.length === 1) {
      const { body } = await ask("/users/me/coupons", { auth: true, signal: this.signal });
      const usable = body.items.filter((/** @type {any} */ { state }) => state === "unused");
      this.select.append(...usable.map((/** @type {any} */ coupon) =>
        h("option", { value: coupon.coupon_id }, describeCoupon(coupon))));
    }
  }
}
