/**
 * The form in the provider's frame. What is typed here goes to the provider's API and nowhere else: the page that
 * opened the frame learns whether the form is complete, and how the payment stands.
 */

(() => {
  "use strict";

  const TEXTS = {
    en: {
      title: "Payment",
      method: "Pay with",
      card: "Card",
      bank: "Test bank",
      number: "Card number",
      expiry: "Expiry (MM/YY)",
      cvc: "Code (CVC)",
      note: "Test provider of the local stack: no money moves. Card 4242 4242 4242 4242",
      incomplete_number: "Your card number is incomplete.",
      invalid_number: "Your card number is invalid.",
      incomplete_expiry: "Your card's expiration date is incomplete.",
      invalid_expiry: "Your card's expiration date is invalid.",
      past_expiry: "Your card's expiration date is in the past.",
      incomplete_cvc: "Your card's security code is incomplete.",
      authentication: "This test provider cannot prove who you are. Please choose a different card.",
      unreachable: "The payment provider cannot be reached. Please try again.",
    },
    ko: {
      title: "결제",
      method: "결제 수단",
      card: "카드",
      bank: "테스트 은행",
      number: "카드 번호",
      expiry: "유효 기간 (MM/YY)",
      cvc: "보안 코드 (CVC)",
      note: "로컬 스택의 테스트 결제사입니다. 실제 돈은 오가지 않습니다. 카드 4242 4242 4242 4242",
      incomplete_number: "카드 번호를 끝까지 입력해 주세요.",
      invalid_number: "카드 번호가 올바르지 않습니다.",
      incomplete_expiry: "유효 기간을 끝까지 입력해 주세요.",
      invalid_expiry: "유효 기간이 올바르지 않습니다.",
      past_expiry: "유효 기간이 지난 카드입니다.",
      incomplete_cvc: "보안 코드를 끝까지 입력해 주세요.",
      authentication: "이 테스트 결제사는 본인 확인을 할 수 없습니다. 다른 카드를 선택해 주세요.",
      unreachable: "결제사에 연결할 수 없습니다. 다시 시도해 주세요.",
    },
  };
  /** How long the API may take to answer. */
  const ANSWER_MS = 60_000;
  /** Statuses of a payment for which the buyer has nothing more to do. */
  const CONFIRMED = ["processing", "requires_capture", "succeeded"];

  const makeKey = () => [...crypto.getRandomValues(new Uint32Array(4))].join("-");
  /** @param {string} id */
  const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
  /** @param {string} id */
  const input = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
  const FIELDS = ["number", "expiry", "cvc"];

  /**
   * The page that opened this frame, known by its first message; others are not listened to.
   * @type {{ origin: string, nonce: string } | undefined}
   */
  let opener;
  /** @type {{ key: string, clientSecret: string, locale: "en" | "ko", theme?: string, hidden?: boolean }} */
  let settings;
  let texts = TEXTS.en;
  /** A second confirmation while one is on its way is the same one. @type {Promise<any> | undefined} */
  let confirming;

  /** @param {string} kind @param {Record<string, unknown>} [body] @param {number} [call] */
  function post(kind, body = {}, call) {
    if (opener) {
      parent.postMessage({ nonce: opener.nonce, kind, body, call }, opener.origin);
    }
  }

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== parent || parent === window || typeof data?.nonce !== "string") {
      return;
    }
    if (!opener && data.kind === "connect") {
      opener = { origin, nonce: data.nonce };
      void start(data.settings);
    } else if (opener && origin === opener.origin && data.nonce === opener.nonce) {
      void hear(data);
    }
  });

  /** @param {{ kind: string, call: number }} message */
  async function hear({ kind, call }) {
    if (kind === "confirm") {
      confirming ??= confirm().finally(() => {
        confirming = undefined;
      });
      post("result", await confirming, call);
    } else if (kind === "submit") {
      const error = check();
      post("result", error ? { error } : {}, call);
    } else if (kind === "retrieve") {
      post("result", toResult(await request("GET", "", new URLSearchParams())), call);
    } else if (kind === "focus") {
      input("number").focus();
    }
  }

  /** @param {typeof settings} given */
  async function start(given) {
    settings = given;
    if (settings.hidden) {
      post("connected");
      return;
    }
    document.documentElement.lang = settings.locale === "ko" ? "ko" : "en";
    texts = settings.locale === "ko" ? TEXTS.ko : TEXTS.en;
    if (settings.theme === "night") {
      document.documentElement.classList.add("night");
    } else if (settings.theme === "stripe" || settings.theme === "flat") {
      document.documentElement.classList.add("day");
    }
    document.title = texts.title;
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-text]"))) {
      element.textContent = texts[/** @type {keyof typeof texts} */ (element.dataset.text)];
    }
    new ResizeObserver(tellHeight).observe(document.body);
    post("connected");
    const { ok, body } = await request("GET", "", new URLSearchParams());
    const methods = ok ? body.payment_method_types : ["card"];
    find("methods").hidden = methods.length < 2;
    for (const radio of radios()) {
      radio.checked = radio.value === methods[0];
    }
    showMethod();
    tellHeight();
    post("ready");
  }

  const radios = () => /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[type=radio]"));
  const method = () => [...radios()].find((radio) => radio.checked)?.value ?? "card";
  const digits = (/** @type {string} */ text) => text.replace(/\D/g, "");

  function showMethod() {
    find("card").hidden = method() !== "card";
    tellChange();
  }

  function tellHeight() {
    post("height", { height: Math.ceil(document.body.getBoundingClientRect().height) });
  }

  let last = "";
  function tellChange() {
    const isCard = method() === "card";
    const empty = isCard && FIELDS.every((id) => input(id).value === "");
    const event = { complete: !isCard || FIELDS.every((id) => !problem(id)), empty, value: { type: method() } };
    const now = JSON.stringify(event);
    if (now !== last) {
      last = now;
      post("change", event);
    }
  }

  /** The check digit of a card number (Luhn). @param {string} number */
  function isCardNumber(number) {
    const sum = [...number].reverse().reduce((total, digit, place) => {
      const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
    return sum % 10 === 0;
  }

  /** The fault of a field, as the name of a text; nothing if it is well. @param {string} id */
  function problem(id) {
    const value = digits(input(id).value);
    if (id === "number") {
      return value.length < 14 ? "incomplete_number" : isCardNumber(value) ? undefined : "invalid_number";
    }
    if (id === "cvc") {
      return value.length < 3 ? "incomplete_cvc" : undefined;
    }
    if (value.length < 4) {
      return "incomplete_expiry";
    }
    const [month, year] = [Number(value.slice(0, 2)), 2000 + Number(value.slice(2))];
    if (month < 1 || month > 12) {
      return "invalid_expiry";
    }
    const today = new Date();
    return year * 12 + month < today.getFullYear() * 12 + today.getMonth() + 1 ? "past_expiry" : undefined;
  }

  /** @param {string} id @param {string} message Empty if the field is well. */
  function showError(id, message) {
    find(`${id}-error`).textContent = message;
    if (message) {
      input(id).setAttribute("aria-invalid", "true");
    } else {
      input(id).removeAttribute("aria-invalid");
    }
  }

  /** Shows what is wrong with the form. Returns the first error, as the page is told it. */
  function check() {
    let first;
    for (const id of method() === "card" ? FIELDS : []) {
      const code = /** @type {keyof typeof texts | undefined} */ (problem(id));
      showError(id, code ? texts[code] : "");
      if (code && !first) {
        first = { type: "validation_error", code, message: texts[code] };
        input(id).focus();
      }
    }
    return first;
  }

  async function confirm() {
    const error = check();
    if (error) {
      return { error };
    }
    const form = new URLSearchParams({ "payment_method_data[type]": method() });
    if (method() === "card") {
      const expiry = digits(input("expiry").value);
      form.set("payment_method_data[card][number]", digits(input("number").value));
      form.set("payment_method_data[card][exp_month]", expiry.slice(0, 2));
      form.set("payment_method_data[card][exp_year]", expiry.slice(2));
      form.set("payment_method_data[card][cvc]", digits(input("cvc").value));
    }
    let answer = await request("POST", "/confirm", form);
    if (!answer.status) {
      // The provider may have acted before the answer was lost.
      const after = await request("GET", "", new URLSearchParams());
      answer = after.ok && CONFIRMED.includes(after.body.status) ? after : answer;
    }
    const result = toResult(answer);
    showRefusal(result.error);
    if (result.paymentIntent?.status === "requires_action") {
      const code = "payment_intent_authentication_failure";
      return { error: { type: "invalid_request_error", code, message: texts.authentication } };
    }
    return result;
  }

  /** Shows a refusal of the bank under the field that it is about. @param {any} error */
  function showRefusal(error) {
    if (error?.type === "card_error") {
      const code = String(error.code);
      const id = code.includes("cvc") ? "cvc" : code.includes("expir") ? "expiry" : "number";
      showError(id, error.message);
    }
  }

  /** @param {{ ok: boolean, body: any }} answer */
  function toResult({ ok, body }) {
    return ok ? { paymentIntent: body } : { error: body.error };
  }

  /**
   * Calls the API about this payment. The status is 0 if there was no answer.
   * @param {string} verb @param {string} action @param {URLSearchParams} form
   * @returns {Promise<{ ok: boolean, status: number, body: any }>}
   */
  async function request(verb, action, form) {
    const [id] = settings.clientSecret.split("_secret_");
    const path = `/v1/payment_intents/${encodeURIComponent(id)}${action}`;
    form.set("client_secret", settings.clientSecret);
    try {
      const response = await fetch(verb === "GET" ? `${path}?${form}` : path, {
        method: verb,
        // Browsers send a request again whose connection broke; the key makes it the same one.
        headers: { authorization: `Bearer ${settings.key}`, "idempotency-key": makeKey() },
        body: verb === "GET" ? undefined : form,
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      return { ok: response.ok, status: response.status, body: await response.json() };
    } catch {
      return { ok: false, status: 0, body: { error: { type: "api_connection_error", message: texts.unreachable } } };
    }
  }

  // Groups of four digits, and the stroke of the date, as they stand on a card.
  input("number").addEventListener("input", () => {
    const value = digits(input("number").value).slice(0, 19);
    input("number").value = value.replace(/(\d{4})(?=\d)/g, "$1 ");
  });
  input("expiry").addEventListener("input", () => {
    const text = digits(input("expiry").value).slice(0, 4);
    const value = /^[2-9]/.test(text) ? `0${text}`.slice(0, 4) : text;
    input("expiry").value = value.length > 2 ? `${value.slice(0, 2)}/${value.slice(2)}` : value;
  });
  input("cvc").addEventListener("input", () => {
    input("cvc").value = digits(input("cvc").value).slice(0, 4);
  });
  for (const id of FIELDS) {
    input(id).addEventListener("input", () => {
      showError(id, "");
      tellChange();
    });
    input(id).addEventListener("change", () => {
      const code = /** @type {keyof typeof texts | undefined} */ (input(id).value && problem(id) || undefined);
      showError(id, code ? texts[code] : "");
    });
  }
  for (const radio of radios()) {
    radio.addEventListener("change", showMethod);
  }
  find("form").addEventListener("submit", (event) => event.preventDefault());
})();
