/**
 * The core of every page: words and formats, the server's clock, requests, the session, and the router of `/app/`.
 * It is one module because each module costs a request on the first load. Screens are modules of their own.
 */

/** @import { Answer, Ask, BegunCard, Concert, Entry } from "./types.js" */

/** The language of the page. */
export const language = document.documentElement.lang;
/** Settings of the shop: the ISO 4217 code of its currency, its decimals, and "" if top-ups are free. */
export const { currency = "", decimals = "0", freeTopUps } = document.documentElement.dataset;
const locale = language === "ko" ? "ko-KR" : "en-GB";
const cardMeta = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="card-script"]'));
/** The address of the payment provider's script: empty where it may not run, undefined if no cards are taken. */
export const cardScript = cardMeta?.content;
/** @type {Record<string, string>} */
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

const TRIES_MAX = 5;
/** Nobody watches a button turn for longer; beyond it the refusal says how long to wait. */
const PAUSE_MS_MAX = 15_000;
const TOKEN_MARGIN_MS = 30_000;

// Words and formats

/**
 * The text of `key` with its values in place. A text with a bar has two forms, for one and for many.
 * @param {string} key @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const [one, many = one] = (words[key] ?? key).split("|");
  return (values.n === 1 ? one : many).replace(/\{(\w+)\}/g, (_, name) => values[name].toLocaleString(locale));
}

/** Minor units of a main unit. */
export const unit = 10 ** Number(decimals);

// Browsers give some currencies other decimals than ISO 4217 does.
const moneyFormat = new Intl.NumberFormat(locale, { style: "currency", currency,
  minimumFractionDigits: Number(decimals), maximumFractionDigits: Number(decimals) });

/** @param {number} amount In minor units. */
export const money = (amount) => moneyFormat.format(amount / unit);

const momentFormat = new Intl.DateTimeFormat(locale, { year: "numeric", month: language === "ko" ? "long" : "short",
  day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" });

/** A moment in the viewer's zone, which it names. @param {string} iso */
export const moment = (iso) => momentFormat.format(new Date(iso));

export const timeTag = (/** @type {string} */ iso) => h("time", { datetime: iso }, moment(iso));

/** A seat in words: "A-1-12" is section A, row 1, seat 12. @param {string} seatId */
export function seatName(seatId) {
  const [section, row, seat] = seatId.split("-");
  return t("seat.name", { section, row, seat });
}

// Elements

/**
 * Makes an element. A function listens to the event of its name; anything else becomes an attribute.
 * @template {string} T @param {T} tag @param {Record<string, any>} [attributes]
 * @param {...(Node | string | number | false | null | undefined)} children
 * @returns {T extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[T] : HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else if (value !== false && value != null) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  const shown = children.filter((child) => child !== false && child != null);
  element.append(...shown.map((child) => (child instanceof Node ? child : String(child))));
  return /** @type {any} */ (element);
}

const live = /** @type {HTMLElement} */ (document.getElementById("live"));

/** Says a sentence to those who listen to the page instead of looking at it. @param {string} text */
export const announce = (text) => { live.textContent = text; };

// The server's clock

/** Bounds of the server's clock minus this one, in ms; each answer can only narrow them. */
const clock = { low: -Infinity, high: Infinity };

/** The server's time in epoch ms, as well as its answers tell. */
export const now = () => Date.now() + (Number.isFinite(clock.low) ? (clock.low + clock.high) / 2 : 0);

/** @param {{ earliest: number, latest: number, sent: number, received: number }} answer */
function setClock({ earliest, latest, sent, received }) {
  const low = Math.max(clock.low, earliest - received);
  const high = Math.min(clock.high, latest - sent);
  // Bounds that exclude each other mean that somebody has set the clock of this device.
  [clock.low, clock.high] = low > high ? [earliest - received, latest - sent] : [low, high];
}

function readDocumentClock() {
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  const at = Number(navigation?.serverTiming?.find(({ name }) => name === "now")?.description);
  if (at) {
    setClock({ earliest: at, latest: at + 1, sent: performance.timeOrigin + navigation.requestStart,
      received: performance.timeOrigin + navigation.responseStart });
  }
}

// Requests

/** A refusal by the API; `code` is empty if the gateway or the network refused. */
export class Refusal extends Error {
  /** @param {number} status 0 without an answer. @param {Record<string, any>} problem @param {number} [retryAfterMs] */
  constructor(status, problem, retryAfterMs) {
    super(problem.detail ?? problem.message ?? "");
    this.status = status;
    this.problem = problem;
    this.code = /** @type {string} */ (problem.code ?? "");
    this.retryAfterMs = retryAfterMs;
    /** Whether an earlier try may have done what this one was refused. */
    this.afterLoss = false;
  }

  /** Whether the access token was refused; the gateway says so without a code. */
  get isStale() {
    return this.code === "unauthorized" || (!this.code && (this.status === 401 || this.status === 403));
  }

  get needsLogIn() {
    return this.code === "session-ended" || this.isStale;
  }
}

/** A refusal in words that help a buyer. @param {unknown} problem */
export function explain(problem) {
  if (!(problem instanceof Refusal)) {
    console.error(problem);
    return t("problem.internal");
  }
  const own = words[`problem.${problem.status ? problem.code : "unreachable"}`];
  const fields = problem.problem.errors?.map((/** @type {{ message: string }} */ error) => error.message).join(" ");
  return own ?? fields ?? problem.problem.detail ?? t("problem.busy");
}

/** @param {number} ms @param {AbortSignal} [signal] @returns {Promise<void>} */
export function wait(ms, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

/** Sends a request once, and waits for a network: being offline is no error. @param {string} path @param {Ask} ask */
async function send(path, { method = "GET", body, auth, etag, queueToken, key, cookie, accept, signal }) {
  if (!navigator.onLine) {
    await new Promise((resolve) => addEventListener("online", resolve, { once: true, signal }));
  }
  const token = auth ? await accessToken() : undefined;
  if (auth && !token) {
    throw new Refusal(401, { code: "session-ended" });
  }
  const headers = new Headers({ "Accept-Language": language });
  const optional = { "Content-Type": body && "application/json", Authorization: token && `Bearer ${token}`,
    "Queue-Token": queueToken, "If-None-Match": etag, "Idempotency-Key": key, Accept: accept };
  Object.entries(optional).forEach(([name, value]) => value && headers.set(name, String(value)));
  const sent = Date.now();
  try {
    const response = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body), cache: "no-store",
      credentials: cookie ? "same-origin" : "omit" });
    const earliest = Date.parse(response.headers.get("Date") ?? "");
    if (earliest && !response.headers.has("Age")) {
      setClock({ earliest, latest: earliest + 1000, sent, received: Date.now() });
    }
    return response;
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}

/** @param {Response | undefined} response */
async function readRefusal(response) {
  const seconds = response?.headers.get("Retry-After");
  const problem = await response?.json().catch(() => undefined);
  return new Refusal(response?.status ?? 0, problem ?? {}, seconds ? Number(seconds) * 1000 : undefined);
}

/** How long to wait before another try, if one may help. @param {Refusal} refusal @param {number} tries */
function pauseBefore({ status, code, retryAfterMs }, tries) {
  const passes = status === 0 || status === 503 || (status === 429 && (retryAfterMs !== undefined || !code));
  const least = retryAfterMs ?? 250 * 2 ** tries;
  const helps = passes && tries < TRIES_MAX && least <= PAUSE_MS_MAX;
  return helps ? least + Math.random() * Math.max(least / 2, 250) : undefined;
}

/**
 * Asks the API. Waits and repeats as it is told to, at most five times, and refreshes the session once.
 * @param {string} path @param {Ask} [options] @returns {Promise<Answer>} @throws {Refusal}
 */
export async function ask(path, options = {}) {
  let [refreshed, lost] = [false, false];
  for (let tries = 1; ; tries += 1) {
    const response = await send(path, options);
    if (response && (response.ok || response.status === 304)) {
      const text = await response.text();
      const body = options.accept ? text : text ? JSON.parse(text) : undefined;
      return { body, etag: response.headers.get("ETag"), status: response.status };
    }
    const refusal = await readRefusal(response);
    refusal.afterLoss = lost;
    lost ||= refusal.status === 0 || refusal.status === 503;
    if (options.auth && refusal.isStale && !refreshed) {
      refreshed = true;
      access = undefined;
      continue;
    }
    const pause = pauseBefore(refusal, tries);
    if (pause === undefined) {
      throw refusal;
    }
    await wait(pause, options.signal);
  }
}

/**
 * Sends a write under an idempotency key. The key is kept until the write has succeeded, over a reload too, so that
 * the same write again has no second effect.
 * @param {string} path @param {object} body @param {Ask} [options]
 */
export async function write(path, body, options = {}) {
  const name = `key ${path} ${JSON.stringify(body)}`;
  const key = sessionStorage.getItem(name) ?? crypto.randomUUID();
  sessionStorage.setItem(name, key);
  const answer = await ask(path, { method: "POST", body, auth: true, key, ...options });
  sessionStorage.removeItem(name);
  return answer;
}

// The session

/** @type {{ token: string, until: number } | undefined} */
let access;

/** Whether there should be a session; its cookie cannot be seen by scripts. */
export const isLoggedIn = () => localStorage.getItem("session") === "1";

/** @param {{ access_token: string, expires_in: number }} session */
export function keepSession({ access_token: token, expires_in: seconds }) {
  access = { token, until: Date.now() + seconds * 1000 - TOKEN_MARGIN_MS };
  localStorage.setItem("session", "1");
}

/** Forgets the session. */
export function dropSession() {
  access = undefined;
  localStorage.removeItem("session");
}

async function refresh() {
  try {
    keepSession((await ask("/sessions/refresh", { method: "POST", body: { cookie: true }, cookie: true })).body);
  } catch (problem) {
    if (problem instanceof Refusal && problem.code === "session-ended") {
      dropSession();
    }
    throw problem;
  }
}

/** The access token, refreshed if need be; one tab refreshes at a time, as each refresh replaces the cookie. */
async function accessToken() {
  const isFresh = () => access !== undefined && access.until > Date.now();
  if (!isFresh() && isLoggedIn()) {
    await navigator.locks.request("session", async () => isFresh() || !isLoggedIn() || refresh());
  }
  return access?.token;
}

/** Asks for a log-in in place if there is no session; false if the visitor would not. @returns {Promise<boolean>} */
export const ensureLoggedIn = async () => isLoggedIn() || renewLogIn();

/** @returns {Promise<boolean>} */
async function renewLogIn() {
  dropSession();
  return (await import("./log-in.js")).logInByDialog();
}

// The memory of a browser

/** The place in a queue. @param {string} queueId @returns {Entry | null} */
export const readPlace = (queueId) => JSON.parse(localStorage.getItem(`queue:${queueId}`) ?? "null");

/** @param {string} queueId @param {Entry | null} place */
export const savePlace = (queueId, place) => localStorage.setItem(`queue:${queueId}`, JSON.stringify(place));

/** Keeps the name and the queue of a concert, which do not change once seats are sold. @param {Concert} concert */
export function keepConcert({ concert_id: id, name, queue_id }) {
  localStorage.setItem(`concert:${id}`, JSON.stringify({ name, queue_id }));
}

/** @param {string} id @returns {Pick<Concert, "name" | "queue_id"> | null} */
export const knownConcert = (id) => JSON.parse(localStorage.getItem(`concert:${id}`) ?? "null");

/** The card payment that was begun in this tab at `path`. @param {string} path @returns {BegunCard | null} */
export const readCard = (path) => JSON.parse(sessionStorage.getItem(`card ${path}`) ?? "null");

/** @param {string} path @param {BegunCard | null} begun */
export const keepCard = (path, begun) => sessionStorage.setItem(`card ${path}`, JSON.stringify(begun));

// Actions

/**
 * Does what a button says; until it is done, further presses are ignored. A session that has ended is begun anew.
 * @param {HTMLElement} button @param {() => Promise<void>} action
 * @param {(text: string, problem: unknown) => void} [onProblem] Shows a refusal; else it stands below the button.
 */
export async function act(button, action, onProblem) {
  if (button.ariaBusy === "true") {
    return;
  }
  button.ariaBusy = "true";
  button.parentElement?.querySelector(":scope > .refusal")?.remove();
  const show = onProblem ?? ((text) => button.after(h("p", { class: "note bad refusal", role: "alert" }, text)));
  try {
    await action().catch((problem) => retryLoggedIn(action, problem));
  } catch (problem) {
    if (!(problem instanceof DOMException && problem.name === "AbortError")) {
      show(explain(problem), problem);
    }
  } finally {
    button.ariaBusy = null;
  }
}

/**
 * A button that does what it says.
 * @param {string} text @param {string} kind Its classes. @param {() => Promise<void>} action
 * @param {(text: string, problem: unknown) => void} [onProblem]
 */
export function actionButton(text, kind, action, onProblem) {
  const button = h("button", { type: "button", class: kind, click: () => act(button, action, onProblem) }, text);
  return button;
}

/** @param {() => Promise<void>} action @param {unknown} problem */
async function retryLoggedIn(action, problem) {
  if (!(problem instanceof Refusal && problem.needsLogIn) || !(await renewLogIn())) {
    throw problem;
  }
  await action();
}

// The router

/** @type {[RegExp, string][]} Paths below `/app/` and the modules of their screens. */
const ROUTES = [
  [/^\/app\/concerts\/([^/]+)\/dates\/([^/]+)$/, "seats"],
  [/^\/app\/(cart)\/([^/]+)$/, "pay"],
  [/^\/app\/(tickets|orders)(?:\/([^/]+))?$/, "tickets"],
  [/^\/app\/(wallet)$/, "pay"],
  [/^\/app\/shop(?:\/([^/]+))?$/, "shop"],
  [/^\/app\/account$/, "account"],
  [/^\/app\/(reset|prove)$/, "mail-link"],
];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
let life = new AbortController();
let shownPath = "";

/** @param {string} path */
const routeOf = (path) => ROUTES.find(([pattern]) => pattern.test(path));

/** Goes to another screen. @param {string} path @param {{ replace?: boolean }} [options] */
export function go(path, { replace = false } = {}) {
  if (!routeOf(path.split("?")[0])) {
    location.assign(path);
    return;
  }
  history[replace ? "replaceState" : "pushState"](null, "", path);
  void showScreen().then(() => {
    scrollTo(0, 0);
    /** @type {HTMLElement} */ (main.querySelector("h1") ?? main).focus({ preventScroll: true });
  });
}

/** Fills the page with a screen under its title. @param {string} title @param {...(Node | false)} content */
export function fill(title, ...content) {
  document.title = `${title} · Onsale`;
  const heading = h("h1", { tabindex: -1 }, h("bdi", {}, title));
  main.replaceChildren(heading, ...content.filter((part) => part !== false));
}

/** Shows the screen of the address, or lets the server's document stand and brings it to life. */
export async function showScreen() {
  life.abort(new DOMException("The screen is left.", "AbortError"));
  life = new AbortController();
  const { signal } = life;
  shownPath = location.pathname;
  const route = routeOf(shownPath);
  const params = route?.[0].exec(shownPath)?.slice(1).map((part) => part && decodeURIComponent(part)) ?? [];
  if (route) {
    [, main.dataset.screen] = route;
    markLinks();
  }
  try {
    if (route || ["home", "concert"].includes(main.dataset.screen ?? "")) {
      const screen = await import(`./${route?.[1] ?? "concert"}.js`);
      signal.throwIfAborted();
      await screen.default({ main, params, signal });
    } else if (main.dataset.screen === "app") {
      throw new Refusal(404, { code: "not-found" });
    }
  } catch (problem) {
    if (!signal.aborted) {
      await showFailure(problem, signal);
    }
  }
}

/** @param {unknown} problem @param {AbortSignal} signal */
async function showFailure(problem, signal) {
  if (problem instanceof Refusal && problem.needsLogIn) {
    dropSession();
    const { showLogIn } = await import("./log-in.js");
    signal.throwIfAborted();
    showLogIn();
    return;
  }
  const isMissing = problem instanceof Refusal && problem.status === 404;
  const way = isMissing ? h("a", { class: "button primary", href: "/" }, t("not_found.home"))
    : actionButton(t("shell.again"), "primary", showScreen);
  fill(t("problem.title"), h("div", { class: "panel empty" }, h("p", { role: "alert" }, explain(problem)), way));
}

function markLinks() {
  for (const link of document.querySelectorAll(".main-links a")) {
    const { pathname: path } = /** @type {HTMLAnchorElement} */ (link);
    link.ariaCurrent = path !== "/" && location.pathname.startsWith(path) ? "page" : null;
  }
}

/** @param {MouseEvent} event */
function followLink(event) {
  const link = /** @type {Element} */ (event.target).closest("a");
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (link && isPlain && !link.target && link.origin === location.origin && routeOf(link.pathname) && !link.lang) {
    event.preventDefault();
    go(link.pathname + link.search);
  }
}

function start() {
  const banner = /** @type {HTMLElement} */ (document.getElementById("offline"));
  const showBanner = () => { banner.hidden = navigator.onLine; };
  const reshow = async () => (routeOf(location.pathname) ? showScreen() : location.reload());
  readDocumentClock();
  showBanner();
  addEventListener("online", showBanner);
  addEventListener("offline", showBanner);
  addEventListener("click", followLink);
  addEventListener("popstate", () => location.pathname !== shownPath && reshow());
  addEventListener("pageshow", (event) => event.persisted && reshow());
  addEventListener("storage", ({ key, newValue }) => {
    if (key === "session" && !newValue) {
      dropSession();
      void reshow();
    }
  });
  void showScreen();
}

start();
