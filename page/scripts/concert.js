/**
 * The documents `/` and `/app/concerts/{id}`: times in the viewer's zone, countdowns, dates as they stand now, and the
 * waiting queue in front of them. The server has written what they say at first.
 */

import {
  Refusal, act, actionButton, announce, ask, ensureLoggedIn, go, h, language, moment, now, readPlace, savePlace, t,
} from "./app.js";

/** @import { Entry, Report, Schedule, Screen } from "./types.js" */

const REFRESH_MS = 15_000;
/** Those who watch the same countdown do not ask in the same moment. */
const OPENING_SPREAD_MS = 3_000;
const FEW_LEFT = 0.1;

/** Brings a document to life. @type {Screen} */
export default async function showConcert({ main, signal }) {
  const { concertId, queueId } = main.dataset;
  for (const time of main.querySelectorAll("time")) {
    time.textContent = moment(time.dateTime);
  }
  const dates = concertId ? new Dates(main, concertId, signal) : undefined;
  runCountdowns(main, signal, dates);
  if (queueId && dates) {
    new QueuePanel(main, queueId, dates, signal).start();
  }
}

/** @param {HTMLElement} main @param {AbortSignal} signal @param {Dates} [dates] */
function runCountdowns(main, signal, dates) {
  const tick = () => {
    for (const badge of /** @type {NodeListOf<HTMLElement>} */ (main.querySelectorAll("[data-opens]"))) {
      const left = Date.parse(badge.dataset.opens ?? "") - now();
      badge.textContent = t("state.opens_in", { time: duration(left) });
      if (left <= 0) {
        badge.removeAttribute("data-opens");
        showState(badge, "on_sale");
        setTimeout(() => dates?.refresh(), Math.random() * OPENING_SPREAD_MS);
      }
    }
  };
  tick();
  const ticking = setInterval(tick, 1000);
  signal.addEventListener("abort", () => clearInterval(ticking));
}

/** @param {HTMLElement} badge @param {string} state */
function showState(badge, state) {
  badge.dataset.state = state;
  badge.textContent = t(`state.${state}`);
}

/** The two largest units of a duration, such as "2 d 3 h". @param {number} ms */
function duration(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const counts = [Math.floor(hours / 24), hours % 24, minutes % 60, seconds % 60];
  const first = counts.findIndex((count, index) => count > 0 || index === 3);
  return counts.slice(first, first + 2).map((count, index) => t(`unit.${"dhms"[first + index]}`, { count })).join(" ");
}

/** The dates of a concert, asked for again while somebody looks at them. */
class Dates {
  /** @type {string | null} */
  #etag = null;
  /** Whether the seats are open to this visitor. */
  isAdmitted;

  /** @param {HTMLElement} main @param {string} concertId @param {AbortSignal} signal */
  constructor(main, concertId, signal) {
    this.main = main;
    this.concertId = concertId;
    this.signal = signal;
    this.isAdmitted = !main.dataset.queueId;
    const refreshing = setInterval(() => document.hidden || void this.refresh(), REFRESH_MS);
    signal.addEventListener("abort", () => clearInterval(refreshing));
    document.addEventListener("visibilitychange", () => document.hidden || void this.refresh(), { signal });
  }

  /** The links to the seats of dates on sale. @returns {HTMLAnchorElement[]} */
  get links() {
    const selector = ':is([data-state="on_sale"], [data-state="few_left"]) > .date-foot > .choose';
    return [.../** @type {NodeListOf<HTMLAnchorElement>} */ (this.main.querySelectorAll(selector))];
  }

  async refresh() {
    const path = `/concerts/${this.concertId}`;
    const answer = await ask(path, { etag: this.#etag, signal: this.signal }).catch(() => undefined);
    this.#etag = answer?.etag ?? this.#etag;
    for (const schedule of answer?.body?.schedules ?? []) {
      this.#show(schedule);
    }
    this.showLinks();
  }

  showLinks() {
    for (const link of /** @type {NodeListOf<HTMLElement>} */ (this.main.querySelectorAll(".choose"))) {
      link.hidden = true;
    }
    for (const link of this.isAdmitted ? this.links : []) {
      link.hidden = false;
    }
  }

  /** @param {Schedule} schedule */
  #show({ schedule_id: id, state, sale_opens_at: opensAt, sections }) {
    const item = /** @type {HTMLElement | null} */ (this.main.querySelector(`[data-schedule-id="${id}"]`));
    const badge = /** @type {HTMLElement | null} */ (item?.querySelector(".state"));
    if (!item || !badge) {
      return;
    }
    const available = sections.reduce((sum, section) => sum + section.available, 0);
    const seats = sections.reduce((sum, section) => sum + section.seats, 0);
    const isFew = state === "on_sale" && available <= seats * FEW_LEFT;
    item.dataset.state = isFew ? "few_left" : state;
    if (state !== "not_open") {
      badge.removeAttribute("data-opens");
      showState(badge, item.dataset.state ?? "");
    } else {
      badge.dataset.opens = opensAt;
    }
    if (isFew && available === 0) {
      badge.textContent = t("state.all_held");
    }
    for (const { section, available: n } of sections) {
      item.querySelector(`[data-section="${section}"] .left`)?.replaceChildren(t("concert.left", { n }));
    }
  }
}

/** Trusted Types let a worker start only from an address that a policy has made: this is the only one. */
const { trustedTypes } = /** @type {any} */ (globalThis);
const workerPolicy = trustedTypes?.createPolicy("onsale", { createScriptURL: pollerUrl });

function pollerUrl() {
  return new URL("./poller.js", import.meta.url).href;
}

/** The visitor's place in the queue: one tab polls in a worker, and tells the others. */
class QueuePanel {
  /** @type {AudioContext | undefined} */
  #sound;
  /** @type {Entry["state"] | undefined} */
  #state;
  /** @type {{ ahead: HTMLElement, bar: HTMLProgressElement, next: HTMLElement, message: HTMLElement } | undefined} */
  #waiting;
  /** Ends the polling of this tab or its wait for that; none without a place. @type {AbortController | undefined} */
  #following;
  /** @type {Worker | undefined} */
  #worker;

  /** @param {HTMLElement} main @param {string} queueId @param {Dates} dates @param {AbortSignal} signal */
  constructor(main, queueId, dates, signal) {
    this.panel = /** @type {HTMLElement} */ (main.querySelector("#queue"));
    this.queueId = queueId;
    this.dates = dates;
    this.signal = signal;
    this.title = document.title;
    this.channel = new BroadcastChannel(`queue:${queueId}`);
  }

  start() {
    const place = readPlace(this.queueId);
    const join = /** @type {HTMLButtonElement} */ (this.panel.querySelector("#join"));
    join.disabled = false;
    join.addEventListener("click", () => act(join, () => this.join()));
    this.channel.onmessage = ({ data }) => this.#hear(data);
    const { signal } = this;
    const wake = () => (this.#worker ?? this.channel).postMessage({ kind: "wake" });
    document.addEventListener("visibilitychange", wake, { signal });
    addEventListener("pageshow", wake, { signal });
    addEventListener("online", wake, { signal });
    addEventListener("offline", () => {
      this.#worker?.postMessage({ kind: "lose" });
      this.#hear({ kind: "trouble" });
    }, { signal });
    signal.addEventListener("abort", () => {
      this.#following?.abort();
      this.channel.close();
    });
    if (place) {
      this.#show(place);
      this.#follow();
    }
  }

  async join() {
    if (!(await ensureLoggedIn())) {
      return;
    }
    try {
      const path = `/queues/${this.queueId}/tokens`;
      const { body: entry } = await ask(path, { method: "POST", auth: true, signal: this.signal });
      this.#tell({ kind: "entry", entry });
    } catch (problem) {
      const isClosed = problem instanceof Refusal && problem.code === "queue-closed";
      throw isClosed ? await this.#explainClosed(problem) : problem;
    }
  }

  /** A closed queue says in the viewer's zone when it opens. @param {Refusal} refusal */
  async #explainClosed(refusal) {
    const { body } = await ask(`/queues/${this.queueId}`, { signal: this.signal });
    const isEarly = body.opens_at && Date.parse(body.opens_at) > now();
    const detail = isEarly ? t("queue.opens_at", { time: moment(body.opens_at) }) : t("queue.closed");
    return new Refusal(refusal.status, { detail });
  }

  /** Polls in this tab if no other does, and takes over from one that is closed. */
  #follow() {
    if (this.#following) {
      return;
    }
    this.#following = new AbortController();
    const { signal } = this.#following;
    void navigator.locks.request(`queue:${this.queueId}`, { signal }, () => this.#poll(signal)).catch(() => undefined);
  }

  /** @param {AbortSignal} signal */
  async #poll(signal) {
    const token = readPlace(this.queueId)?.token;
    if (!token || signal.aborted) {
      return;
    }
    const worker = new Worker(workerPolicy?.createScriptURL("") ?? pollerUrl(), { type: "module" });
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#tell(data);
    worker.postMessage({ kind: "start", queueId: this.queueId, token });
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    worker.terminate();
    this.#worker = undefined;
  }

  /** Tells the other tabs and this one. @param {Report} report */
  #tell(report) {
    this.channel.postMessage(report);
    this.#hear(report);
  }

  /** @param {Report | { kind: "wake" }} report */
  #hear(report) {
    if (report.kind === "wake") {
      this.#worker?.postMessage(report);
    } else if (report.kind === "entry") {
      this.#keep(report.entry);
    } else if (report.kind === "refused") {
      this.#showEnd("expired");
    } else if (this.#waiting) {
      this.#waiting.next.textContent = t("queue.trouble");
    }
  }

  /** @param {Entry} entry */
  #keep(entry) {
    const before = readPlace(this.queueId);
    const place = { ...entry, token: entry.token ?? before?.token, first: before?.first ?? entry.ahead + 1 };
    if (entry.state === "waiting" || entry.state === "admitted") {
      savePlace(this.queueId, place);
      this.#follow();
    }
    this.#show(place);
  }

  /** @param {Entry} place */
  #show(place) {
    const before = this.#state;
    this.#state = place.state;
    if (place.state === "waiting") {
      this.#showWaiting(place);
    } else if (place.state !== "admitted") {
      this.#showEnd(place.state);
    } else if (before !== "admitted") {
      void this.#showTurn(place, before === "waiting");
    }
  }

  /** @param {Entry} place */
  #showWaiting({ ahead, first = ahead + 1, number, queue_state: queueState, message = "" }) {
    this.#waiting ??= this.#makeWaiting(number);
    const view = this.#waiting;
    const people = t("queue.ahead", { n: ahead });
    const next = t(`queue.${queueState}`);
    if (view.next.textContent !== next) {
      announce(`${people}. ${next}`);
    }
    const count = h("span", { class: "place" }, ahead.toLocaleString(language));
    view.ahead.replaceChildren(count, " ", h("span", {}, t("queue.people", { n: ahead })));
    view.bar.value = Math.max(0, first - ahead - 0.5);
    view.bar.max = first;
    view.bar.ariaValueText = people;
    view.next.textContent = next;
    view.message.hidden = !message;
    view.message.textContent = message;
    document.title = `${people} · ${this.title}`;
  }

  /** @param {number} number */
  #makeWaiting(number) {
    const view = {
      ahead: h("p", { id: "ahead" }),
      bar: h("progress", { "aria-label": t("queue.progress") }),
      next: h("p", { id: "next", class: "note" }),
      message: h("p", { class: "note warn", dir: "auto", hidden: true }),
    };
    const sound = h("button", { type: "button", "aria-pressed": "false", click: () => {
      this.#sound ??= new AudioContext();
      sound.ariaPressed = String(sound.ariaPressed !== "true");
    } }, t("queue.sound"));
    this.soundButton = sound;
    this.#fill(t("queue.waiting_title"), view.ahead, view.bar,
      h("p", { class: "muted" }, t("queue.number", { number })), view.next,
      h("div", { class: "row" }, sound, this.#makeLeave()), view.message);
    return view;
  }

  #makeLeave() {
    return actionButton(t("queue.leave"), "link danger", () => this.#leave());
  }

  async #leave() {
    const { confirmByDialog } = await import("./dialog.js");
    const queueToken = readPlace(this.queueId)?.token;
    if (await confirmByDialog(t("queue.leave_question"), t("queue.leave"))) {
      await ask(`/queues/${this.queueId}/tokens/me`, { method: "DELETE", auth: true, queueToken });
      this.#tell({ kind: "entry", entry: /** @type {Entry} */ ({ state: "left" }) });
    }
  }

  /** @param {Entry} entry @param {boolean} wasWaiting */
  async #showTurn(entry, wasWaiting) {
    // The timer is that of the cart, which the visitor needs next.
    const { timer } = await import("./pay.js");
    const left = h("p", {}, t("queue.time_left"), " ",
      timer(entry.expires_at ?? "", this.signal, () => this.#showEnd("expired")));
    const links = h("div", { class: "stack" });
    const show = () => links.replaceChildren(...this.dates.links.map((link) => {
      const time = link.closest(".date")?.querySelector("time")?.textContent ?? "";
      return h("a", { class: "button primary wide", href: link.pathname }, t("queue.to_seats", { time }));
    }));
    show();
    this.#waiting = undefined;
    this.#fill(t("queue.turn_title"), h("p", {}, t("queue.turn")), left, links, this.#makeLeave());
    this.dates.isAdmitted = true;
    void this.dates.refresh().then(show);
    document.title = `${t("queue.turn_title")} · ${this.title}`;
    if (wasWaiting) {
      this.#call();
    }
  }

  /** Calls the visitor, and goes straight on to the seats if there is only one way. */
  #call() {
    announce(t("queue.turn_title"));
    if (this.#sound && this.soundButton?.ariaPressed === "true") {
      playChime(this.#sound);
    }
    const { links } = this.dates;
    const goOn = () => links.length === 1 && go(links[0].pathname);
    if (document.hidden) {
      document.addEventListener("visibilitychange", goOn, { once: true, signal: this.signal });
    } else {
      goOn();
    }
  }

  /** @param {"used" | "expired" | "left"} state */
  #showEnd(state) {
    this.#following?.abort();
    this.#following = undefined;
    this.#waiting = undefined;
    this.#state = undefined;
    savePlace(this.queueId, null);
    this.dates.isAdmitted = false;
    this.dates.showLinks();
    document.title = this.title;
    this.#fill(t("queue.title"), h("p", { class: "note", role: "status" }, t(`queue.${state}`)),
      h("p", {}, actionButton(t("queue.join_again"), "primary wide", () => this.join())));
  }

  /** @param {string} title @param {...Node} content */
  #fill(title, ...content) {
    this.panel.replaceChildren(h("h2", { id: "queue-title" }, title), ...content);
  }
}

/** Three rising notes. @param {AudioContext} audio */
function playChime(audio) {
  [523, 659, 784].forEach((pitch, index) => {
    const tone = new OscillatorNode(audio, { frequency: pitch });
    const volume = new GainNode(audio, { gain: 0.2 });
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + index * 0.25);
    tone.stop(audio.currentTime + index * 0.25 + 0.2);
  });
}
