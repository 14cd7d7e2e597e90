/**
 * A subset of Stripe.js for the test provider of a local stack. Card data are typed into a frame of the provider's
 * origin; this script runs in the shop's page and never sees them.
 */

(() => {
  "use strict";

  const PROVIDER = new URL(/** @type {HTMLScriptElement} */ (document.currentScript).src).origin;
  /** How long a frame may take to answer before its page is told that the provider cannot be reached. */
  const PATIENCE_MS = 90_000;

  const unreachable = () => ({
    error: { type: "api_connection_error", message: "The payment provider cannot be reached. Please try again." },
  });

  /** A text that nobody guesses. crypto.randomUUID is missing in pages that are not secure. */
  const makeNonce = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  /**
   * A frame of the provider, and the conversation with it. Every message has the nonce of the frame; those of other
   * windows or origins are passed over.
   */
  class Frame {
    /** @param {Record<string, unknown>} settings @param {(kind: string, body: any) => void} onMessage */
    constructor(settings, onMessage) {
      this.settings = settings;
      this.onMessage = onMessage;
      this.nonce = makeNonce();
      this.calls = 0;
      /** @type {Map<number, (result: any) => void>} */
      this.waiting = new Map();
      this.element = document.createElement("iframe");
      this.element.src = `${PROVIDER}/elements/payment`;
      this.element.referrerPolicy = "no-referrer";
      this.element.addEventListener("load", () => this.post("connect", { settings }));
      this.connected = new Promise((resolve) => {
        this.connect = resolve;
      });
      this.listen = this.listen.bind(this);
      addEventListener("message", this.listen);
    }

    /** @param {MessageEvent} event */
    listen({ source, origin, data }) {
      if (source !== this.element.contentWindow || origin !== PROVIDER || data?.nonce !== this.nonce) {
        return;
      }
      if (data.kind === "result") {
        this.waiting.get(data.call)?.(data.body);
        this.waiting.delete(data.call);
        return;
      }
      if (data.kind === "connected") {
        this.connect?.(undefined);
      }
      this.onMessage(data.kind, data.body);
    }

    /** @param {string} kind @param {Record<string, unknown>} body */
    post(kind, body) {
      this.element.contentWindow?.postMessage({ nonce: this.nonce, kind, ...body }, PROVIDER);
    }

    /**
     * Asks the frame for something.
     * @param {string} kind @param {Record<string, unknown>} body @returns {Promise<any>}
     */
    ask(kind, body) {
      const call = (this.calls += 1);
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          this.waiting.delete(call);
          resolve(unreachable());
        }, PATIENCE_MS);
        this.waiting.set(call, (result) => {
          clearTimeout(timer);
          resolve(result);
        });
        void this.connected.then(() => this.post(kind, { call, ...body }));
      });
    }

    remove() {
      removeEventListener("message", this.listen);
      this.element.remove();
      for (const answer of this.waiting.values()) {
        answer(unreachable());
      }
      this.waiting.clear();
    }
  }

  /** The form for paying. */
  class PaymentElement {
    /** @type {Frame | undefined} */
    #frame;
    #settings;
    /** @type {Map<string, Set<(event: any) => void>>} */
    #listeners = new Map();
    #destroyed = false;

    /** @param {Record<string, unknown>} settings */
    constructor(settings) {
      this.#settings = settings;
    }

    /** @param {string | HTMLElement} place */
    mount(place) {
      if (this.#destroyed) {
        throw new Error("This Element has already been destroyed. Please create a new one.");
      }
      const parent = typeof place === "string" ? document.querySelector(place) : place;
      if (!parent) {
        throw new Error("The selector or node that the Element is mounted to applies to no DOM element.");
      }
      this.unmount();
      const frame = new Frame(this.#settings, (kind, body) => this.#hear(frame, kind, body));
      const { element } = frame;
      element.title = this.#settings.locale === "ko" ? "카드 정보 입력" : "Secure payment input frame";
      Object.assign(element.style, { display: "block", width: "100%", border: "0", height: "16rem" });
      this.#frame = frame;
      parent.replaceChildren(element);
    }

    unmount() {
      this.#frame?.remove();
      this.#frame = undefined;
    }

    destroy() {
      this.unmount();
      this.#listeners.clear();
      this.#destroyed = true;
    }

    focus() {
      this.#frame?.post("focus", {});
    }

    /** @param {string} kind @param {(event: any) => void} listener */
    on(kind, listener) {
      const listeners = this.#listeners.get(kind) ?? new Set();
      this.#listeners.set(kind, listeners.add(listener));
      return this;
    }

    /** @param {string} kind @param {(event: any) => void} listener */
    off(kind, listener) {
      this.#listeners.get(kind)?.delete(listener);
      return this;
    }

    /** For `confirmPayment` and `submit` only. @param {string} kind @returns {Promise<any>} */
    askFrame(kind) {
      if (!this.#frame) {
        throw new Error("The Element is not mounted. Mount it before you confirm the payment.");
      }
      return this.#frame.ask(kind, {});
    }

    /** @param {Frame} frame @param {string} kind @param {any} body */
    #hear({ element }, kind, body) {
      if (kind === "height") {
        element.style.height = `${Number(body.height)}px`;
      } else if (["ready", "change", "focus", "blur"].includes(kind)) {
        const event = { elementType: "payment", ...body };
        this.#listeners.get(kind)?.forEach((listener) => listener(event));
      }
    }
  }

  /** The elements of one payment. */
  class Elements {
    #settings;
    /** @type {PaymentElement | undefined} */
    #payment;

    /** @param {Record<string, unknown>} settings */
    constructor(settings) {
      this.#settings = settings;
    }

    /** @param {string} kind */
    create(kind) {
      if (kind !== "payment") {
        throw new Error("The test provider has only the element payment.");
      }
      this.#payment = new PaymentElement(this.#settings);
      return this.#payment;
    }

    /** @param {string} kind */
    getElement(kind) {
      return kind === "payment" ? (this.#payment ?? null) : null;
    }

    /** Checks what was typed. */
    submit() {
      return this.askPayment("submit");
    }

    /** For this script only. @param {string} kind @returns {Promise<any>} */
    async askPayment(kind) {
      if (!this.#payment) {
        throw new Error("Create the element payment first.");
      }
      return this.#payment.askFrame(kind);
    }

    get clientSecret() {
      return this.#settings.clientSecret;
    }
  }

  class StripeSubset {
    #key;

    /** @param {string} key */
    constructor(key) {
      this.#key = key;
    }

    /** @param {{ clientSecret: string, locale?: string, appearance?: { theme?: string } }} options */
    elements({ clientSecret, locale = "auto", appearance = {} }) {
      const language = locale === "auto" ? navigator.language : locale;
      return new Elements({
        key: this.#key,
        clientSecret,
        locale: language.toLowerCase().startsWith("ko") ? "ko" : "en",
        theme: appearance.theme,
      });
    }

    /**
     * Cards never leave the page for another, so `redirect: "if_required"` stays here, and anything else goes on to
     * `return_url` after success.
     * @param {{ elements: Elements, confirmParams?: { return_url?: string }, redirect?: string }} options
     */
    async confirmPayment({ elements, confirmParams = {}, redirect = "always" }) {
      if (redirect !== "if_required" && !confirmParams.return_url) {
        throw new Error("confirmParams.return_url is needed unless redirect is if_required.");
      }
      const result = await elements.askPayment("confirm");
      if (result.error || redirect === "if_required" || !confirmParams.return_url) {
        return result;
      }
      const url = new URL(confirmParams.return_url);
      url.searchParams.set("payment_intent", result.paymentIntent.id);
      url.searchParams.set("payment_intent_client_secret", result.paymentIntent.client_secret);
      url.searchParams.set("redirect_status", "succeeded");
      location.assign(url);
      return new Promise(() => undefined);
    }

    /** @param {string} clientSecret @returns {Promise<any>} */
    async retrievePaymentIntent(clientSecret) {
      const frame = new Frame({ key: this.#key, clientSecret, hidden: true }, () => undefined);
      frame.element.hidden = true;
      frame.element.tabIndex = -1;
      frame.element.setAttribute("aria-hidden", "true");
      document.body.append(frame.element);
      const result = await frame.ask("retrieve", {});
      frame.remove();
      return result;
    }
  }

  /** @param {string} key */
  function Stripe(key) {
    if (typeof key !== "string" || !key.startsWith("pk_")) {
      throw new Error("Stripe() needs a publishable key, which begins with pk_.");
    }
    return new StripeSubset(key);
  }
  Stripe.version = "test-provider";

  Object.assign(window, { Stripe });
})();
