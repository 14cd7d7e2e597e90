/** The shop: products, best sellers, coupons, and an order that is paid from the wallet at once. */

import { Refusal, act, announce, ask, ensureLoggedIn, fill, go, h, isLoggedIn, money, t, write } from "./app.js";

/** @import { Screen } from "./types.js" */

/** @type {Screen} */
export default async function showShop({ params: [id], signal }) {
  await (id ? showProduct(id, signal) : showProducts(signal));
}

/** @param {AbortSignal} signal */
async function showProducts(signal) {
  const [{ body: page }, popular] = await Promise.all([ask("/products", { signal }),
    ask("/products/popular", { signal }).catch(() => undefined)]);
  const list = h("ul", { class: "products plain" }, ...page.items.map(productCard));
  let next = page.next;
  const more = h("button", { type: "button", hidden: !next, click: () => act(more, async () => {
    const { body } = await ask(`/products?cursor=${encodeURIComponent(next)}`, { signal });
    list.append(...body.items.map(productCard));
    next = body.next;
    more.hidden = !next;
  }) }, t("list.more"));
  const best = popular?.body.items ?? [];
  fill(t("shop.title"),
    claimPart(),
    best.length > 0 && h("section", { class: "panel", "aria-labelledby": "popular-title" }, h("h2", { id: "popular-title" }, t("shop.popular")),
      h("ol", { class: "popular plain" }, ...best.map((/** @type {any} */ { product_id: id, name, price }) =>
        h("li", { class: "row" }, h("a", { href: `/app/shop/${id}` }, h("bdi", {}, name)), h("b", {}, money(price)))))),
    list, h("p", { class: "more" }, more));
}

/** @param {any} product */
function productCard({ product_id: id, name, price, currency }) {
  return h("li", { class: "card" }, poster(name, "poster"),
    h("div", { class: "about" }, h("h2", {}, h("a", { href: `/app/shop/${id}` }, h("bdi", {}, name))),
      h("p", { class: "price" }, money(price, currency))));
}

/** Stands in for a picture, with the first letter of the product. @param {string} name @param {string} kind */
const poster = (name, kind) => h("div", { class: kind, "data-mark": [...name][0], "aria-hidden": "true" });

/** The coupon of a link such as `/app/shop?coupon=ID`, if there is one. */
function claimPart() {
  const couponId = new URLSearchParams(location.search).get("coupon");
  if (!couponId) {
    return false;
  }
  const claim = h("button", { type: "button", class: "primary", click: () => act(claim, async () => {
    if (await ensureLoggedIn()) {
      const { body } = await ask(`/coupons/${encodeURIComponent(couponId)}/claims`, { method: "POST", auth: true, body: {} });
      claim.parentElement?.replaceChildren(h("p", { class: "note good", role: "status" }, t("shop.claimed", { coupon: describe(body) })));
    }
  }) }, t("shop.claim"));
  return h("section", { class: "panel coupon" }, h("h2", {}, t("shop.coupon_title")), h("p", {}, t("shop.coupon_text")), claim);
}

/** What a coupon gives, in words. @param {any} coupon */
function describe({ name, discount: { kind, value, max }, currency }) {
  const off = kind === "percent" ? t("shop.percent_off", { value }) : t("shop.amount_off", { amount: money(value, currency) });
  return `${name} · ${off}${max ? ` ${t("shop.at_most", { amount: money(max, currency) })}` : ""}`;
}

/** @param {string} id @param {AbortSignal} signal */
async function showProduct(id, signal) {
  const { body: product } = await ask(`/products/${id}`, { signal });
  const { name, price, currency, available, max_per_user: most } = product;
  const limit = Math.min(most, available ?? most);
  const isSold = limit < 1 || product.state !== "selling";
  const quantity = h("select", { id: "quantity", change: () => sum() }, ...Array.from({ length: Math.max(1, limit) }, (_, index) =>
    h("option", { value: index + 1 }, index + 1)));
  const coupons = new CouponChoice(currency, signal);
  const total = h("span", { class: "total", id: "total" });
  const answer = h("div", { role: "alert" });
  const buy = h("button", { type: "button", id: "buy", class: "primary wide", disabled: isSold, click: () => act(buy, async () => {
    answer.replaceChildren();
    if (await ensureLoggedIn()) {
      const body = { items: [{ product_id: id, quantity: Number(quantity.value) }], ...coupons.choice, pay: true };
      const { body: order } = await write("/orders", body);
      announce(t("shop.bought"));
      go(`/app/orders/${order.order_id}`);
    }
  }, (text, problem) => void explainOrder(answer, text, problem)) });
  const sum = () => {
    const amount = money(price * Number(quantity.value), currency);
    total.textContent = amount;
    buy.textContent = isSold ? t("shop.sold_out") : t("shop.buy", { total: amount });
  };
  sum();
  fill(name, h("div", { class: "columns" },
    poster(name, "poster product-poster"),
    h("aside", { class: "panel" },
      h("p", { class: "row" }, h("span", { class: "total" }, money(price, currency)),
        h("span", { class: "state", "data-state": isSold ? "sold_out" : limit <= 5 ? "few_left" : "on_sale" },
          isSold ? t("shop.sold_out") : t("shop.left", { n: available ?? most }))),
      h("p", {}, h("label", { for: "quantity" }, t("shop.quantity")), quantity),
      coupons.element, h("p", { class: "row" }, t("cart.total"), total), buy, answer)),
    h("p", {}, h("a", { href: "/app/shop" }, t("shop.all"))));
}

/** Says what to do after a refusal, and offers a top-up in place. @param {HTMLElement} answer @param {string} text @param {unknown} problem */
async function explainOrder(answer, text, problem) {
  const isPoor = problem instanceof Refusal && (problem.code === "insufficient-balance" || problem.code === "no-wallet");
  answer.replaceChildren(h("p", { class: "note bad" }, isPoor ? t("shop.too_small") : text));
  if (isPoor) {
    const { makeTopUp } = await import("./wallet.js");
    answer.append(makeTopUp(50_000, async () => answer.replaceChildren(h("p", { class: "note good" }, t("shop.topped_up")))));
  }
}

/** The visitor's coupons, asked for once they are wanted. */
class CouponChoice {
  /** @param {string} currency @param {AbortSignal} signal */
  constructor(currency, signal) {
    this.currency = currency;
    this.signal = signal;
    this.select = h("select", { id: "coupon" }, h("option", { value: "" }, t("shop.no_coupon")));
    this.element = h("details", { hidden: !isLoggedIn(), toggle: () => void this.#load() },
      h("summary", {}, t("shop.use_coupon")), h("label", { class: "unseen", for: "coupon" }, t("shop.use_coupon")), this.select,
      h("p", { class: "muted" }, t("shop.coupon_note")));
  }

  /** The part of an order that names the coupon. */
  get choice() {
    return this.select.value ? { coupon_id: this.select.value } : {};
  }

  async #load() {
    if (this.select.options.length === 1) {
      const answer = await ask("/users/me/coupons", { auth: true, signal: this.signal }).catch(() => undefined);
      const usable = (answer?.body.items ?? []).filter((/** @type {any} */ claim) => claim.state === "unused");
      this.select.append(...usable.map((/** @type {any} */ claim) => h("option", { value: claim.coupon_id }, describe(claim))));
    }
  }
}
