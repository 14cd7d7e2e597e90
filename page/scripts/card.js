/**
 * Paying by card. The form is the payment provider's, in a frame of its own origin, so this page never sees a card.
 * This module and the provider's script are loaded once somebody chooses to pay by card.
 */

import {
  Refusal, act, actionButton, ask, cardScript, h, keepCard, language, money, readCard, showScreen, t, wait,
} from "./app.js";

/** @import { CardPurchase } from "./types.js" */

const LOOK_AGAIN_MS = 2_000;
/** Refusals of a bank that have words of their own. */
const REASONS = ["insufficient_funds", "expired_card", "incorrect_cvc", "processing_error"];

/** Trusted Types let a script load only from an address that a policy has made: this one makes the provider's alone. */
const { trustedTypes } = /** @type {any} */ (globalThis);
const policy = trustedTypes?.createPolicy("cards", { createScriptURL: checkOrigin });

/** @param {string} url */
function checkOrigin(url) {
  if (new URL(url).origin !== new URL(cardScript ?? "").origin) {
    throw new Refusal(502, { detail: t("card.unreachable") });
  }
  return url;
}

/** @type {Promise<void> | undefined} */
let loading;

/** Loads the script of the provider, once in a document. @param {string} url */
function loadProvider(url) {
  loading ??= new Promise((resolve, reject) => {
    const script = h("script", { load: () => resolve(), error: () => {
      script.remove();
      loading = undefined;
      reject(new Refusal(502, { detail: t("card.unreachable") }));
    } });
    script.src = policy ? policy.createScriptURL(url) : checkOrigin(url);
    document.head.append(script);
  });
  return loading;
}

/**
 * The outcome of a card payment that is carried on as far as it can be: `open` while the card is not authorised,
 * `paid`, `void`, `reversed`, or `in_wallet` if its money came too late for the purchase.
 * @param {string} id @param {AbortSignal} [signal] @returns {Promise<string>}
 */
export async function lookAt(id, signal) {
  const { body } = await ask(`/card-payments/${id}/confirmation`, { method: "POST", auth: true, signal });
  const isPurchase = body.reservation_id || body.order_id;
  const captured = isPurchase && body.in_wallet ? "in_wallet" : "paid";
  /** @type {Record<string, string>} */
  const outcomes = { abandoned: "void", committed: "paid", captured };
  return outcomes[body.state] ?? body.state;
}

/** The form to pay for something by card. @param {CardPurchase} purchase */
export function makeCardForm(purchase) {
  const box = h("div", { class: "stack" }, h("div", { class: "loading" }));
  void act(box, () => open(box, purchase), (text) => box.replaceChildren(note("bad", text)));
  return box;
}

/** @param {string} kind @param {string} text */
const note = (kind, text) => h("p", { class: `note ${kind}` }, text);

/**
 * Goes on with the card payment that was begun here before, or begins one, and shows the provider's form.
 * @param {HTMLElement} box @param {CardPurchase} purchase
 */
async function open(box, purchase) {
  const before = readCard(purchase.path);
  const outcome = before?.id ? await lookAt(before.id, purchase.signal).catch(forgetOthers) : "open";
  if (outcome !== "open") {
    await finish(box, purchase, outcome);
    return;
  }
  try {
    const payment = await begin(purchase);
    await loadProvider(payment.script_url);
    purchase.signal.throwIfAborted();
    showForm(box, purchase, payment);
  } catch (problem) {
    if (!(problem instanceof Refusal && problem.code === "already-paid")) {
      throw problem;
    }
    await finish(box, purchase, "paid");
  }
}

/** A payment that another account has begun in this tab is none of this one. @param {unknown} problem */
function forgetOthers(problem) {
  if (problem instanceof Refusal && problem.status === 404) {
    return "open";
  }
  throw problem;
}

/**
 * Begins a card payment. Its key is kept, so that after a reload the same payment goes on.
 * @param {CardPurchase} purchase @returns {Promise<any>}
 */
async function begin(purchase) {
  const { path, wish, queueToken, signal } = purchase;
  const key = readCard(path)?.key ?? crypto.randomUUID();
  keepCard(path, { key, wish });
  try {
    const { body } = await ask("/card-payments", { method: "POST", body: wish, auth: true, key, queueToken, signal });
    keepCard(path, { key, wish, id: body.card_payment_id });
    return body;
  } catch (problem) {
    const code = problem instanceof Refusal ? problem.code : "";
    if (code === "card-payment-ended") {
      keepCard(path, null);
    } else if (code === "no-wallet") {
      await ask("/wallet", { method: "POST", auth: true, body: {} });
    } else {
      throw problem;
    }
    return begin(purchase);
  }
}

/** @param {HTMLElement} box @param {CardPurchase} purchase @param {any} payment */
function showForm(box, purchase, payment) {
  const { path, controls, signal } = purchase;
  const { Stripe } = /** @type {any} */ (globalThis);
  const provider = Stripe(payment.publishable_key);
  const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "stripe";
  const elements = provider.elements({ clientSecret: payment.client_secret, locale: language, appearance: { theme } });
  const element = elements.create("payment");
  const frame = h("div", { class: "card-frame" });
  const answer = h("div", { role: "alert" });
  const total = money(payment.amount);
  const show = (/** @type {string} */ text, kind = "bad") => answer.replaceChildren(note(kind, text));
  const pay = actionButton(t("cart.pay", { total }), "primary wide", async () => {
    answer.replaceChildren();
    controls.disabled = true;
    try {
      const confirmParams = { return_url: location.origin + path };
      const { error } = await provider.confirmPayment({ elements, confirmParams, redirect: "if_required" });
      const reason = error && describe(error);
      if (reason) {
        show(reason);
      } else {
        await settle(Boolean(error));
      }
    } finally {
      controls.disabled = false;
    }
  }, (text) => show(text));
  pay.id = "pay";
  // The provider's word is not believed: the server asks it. While the bank is at work there is nothing to do but wait.
  const settle = async (/** @type {boolean} */ isDoubtful) => {
    for (;;) {
      const outcome = await lookAt(payment.card_payment_id);
      signal.throwIfAborted();
      if (outcome !== "open") {
        await finish(box, purchase, outcome);
        return;
      }
      if (isDoubtful) {
        show(t("card.unreachable"));
        return;
      }
      show(t("card.processing"), "warn");
      await wait(LOOK_AGAIN_MS, signal);
    }
  };
  box.replaceChildren(h("p", { class: "row" }, t("cart.total"), h("b", {}, total)), frame, pay, answer);
  element.mount(frame);
  signal.addEventListener("abort", () => element.destroy());
}

/**
 * The words for a refusal; none if the card may have been authorised all the same.
 * @param {{ type?: string, code?: string, decline_code?: string }} error
 */
function describe({ type, code = "", decline_code: declineCode = "" }) {
  if (type === "validation_error") {
    return t("card.incomplete");
  }
  if (code === "payment_intent_authentication_failure") {
    return t("card.authentication");
  }
  const reason = [declineCode, code].find((one) => REASONS.includes(one)) ?? "declined";
  return type === "card_error" ? t(`card.${reason}`) : undefined;
}

/** @param {HTMLElement} box @param {CardPurchase} purchase @param {string} outcome */
async function finish(box, { path, onPaid }, outcome) {
  keepCard(path, null);
  if (outcome === "paid") {
    await onPaid();
    return;
  }
  box.replaceChildren(h("div", { role: "alert" }, note("warn", t(`card.${outcome}`))),
    actionButton(t("shell.again"), "", showScreen));
}
