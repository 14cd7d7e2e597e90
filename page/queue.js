/** The waiting queue in front of a concert's dates: joining, waiting, being called, and leaving. */

import {
  Refusal, act, announce, ask, ensureLoggedIn, go, h, language, moment, now, readPlace, savePlace, t, timer,
} from "./app.js";

/** @import { Dates } from "./concert.js" */
/** @import { Entry, Report } from "./types.js" */

/** Trusted Types let a worker start only from an address that a policy has made: this is the only one. */
const workerPolicy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("onsale", { createScriptURL: pollerUrl });

function pollerUrl() {
  return new URL("./poller.js", import.meta.url).href;
}

/** The visitor's place in the queue: one tab polls in a worker, and tells the others. */
export class QueuePanel {
  /** The people ahead when the place was first seen; the bar counts from them. */
  #first = 0;
  /** @type {AudioContext | undefined} */
  #sound;
  /** @type {Entry["state"] | undefined} */
  #state;
  /** @type {{ ahead: HTMLElement, bar: HTMLProgressElement, next: HTMLElement, message: HTMLElement } | undefined} */
  #waiting;
  /** Following ends with the place or with the screen. */
  #following = new AbortController();
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
    const wake = () => (this.#worker ? this.#worker.postMessage({}) : this.channel.postMessage({ kind: "wake" }));
    document.addEventListener("visibilitychange", wake, { signal: this.signal });
    addEventListener("pageshow", wake, { signal: this.signal });
    addEventListener("online", wake, { signal: this.signal });
    this.signal.addEventListener("abort", () => {
      this.#following.abort();
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
      this.#follow();
    } catch (problem) {
      throw problem instanceof Refusal && problem.code === "queue-closed" ? await this.#explainClosed(problem) : problem;
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
    this.#following.abort();
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
    worker.postMessage({ queueId: this.queueId, token });
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
      this.#worker?.postMessage({});
    } else if (report.kind === "entry") {
      const hasEnded = !["waiting", "admitted"].includes(report.entry.state);
      const token = report.entry.token ?? readPlace(this.queueId)?.token;
      savePlace(this.queueId, hasEnded ? null : { ...report.entry, token });
      this.#show(report.entry);
    } else if (report.kind === "refused") {
      savePlace(this.queueId, null);
      this.#showEnd("expired");
    } else if (this.#waiting) {
      this.#waiting.next.textContent = t("queue.trouble");
    }
  }

  /** @param {Entry} entry */
  #show(entry) {
    const before = this.#state;
    this.#state = entry.state;
    if (entry.state === "waiting") {
      this.#showWaiting(entry);
    } else if (entry.state !== "admitted") {
      this.#showEnd(entry.state);
    } else if (before !== "admitted") {
      this.#showTurn(entry, before === "waiting");
    }
  }

  /** @param {Entry} entry */
  #showWaiting({ ahead, number, queue_state: queueState, message = "" }) {
    this.#first ||= ahead + 1;
    this.#waiting ??= this.#makeWaiting(number);
    const view = this.#waiting;
    const people = t("queue.ahead", { n: ahead });
    const next = t(`queue.${queueState}`);
    if (view.next.textContent !== next) {
      announce(`${people}. ${next}`);
    }
    view.ahead.replaceChildren(h("span", { class: "place" }, ahead.toLocaleString(language)), ` ${t("queue.people", { n: ahead })}`);
    view.bar.value = Math.max(0, this.#first - ahead - 0.5);
    view.bar.max = this.#first;
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
    this.#fill(t("queue.waiting_title"), view.ahead, view.bar, h("p", { class: "muted" }, t("queue.number", { number })),
      view.next, view.message, h("div", { class: "row" }, sound, this.#leaveButton()));
    return view;
  }

  #leaveButton() {
    const leave = h("button", { type: "button", class: "link danger", click: () => act(leave, () => this.#leave()) }, t("queue.leave"));
    return leave;
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
  #showTurn(entry, wasWaiting) {
    const until = entry.expires_at ?? "";
    const left = h("p", {}, `${t("queue.time_left")} `, timer(until, this.signal, () => this.#showEnd("expired")));
    const links = h("div", { class: "stack" });
    const show = () => links.replaceChildren(...this.dates.links.map((link) => {
      const time = link.closest(".date")?.querySelector("time")?.textContent ?? "";
      return h("a", { class: "button primary wide", href: link.pathname }, t("queue.to_seats", { time }));
    }));
    show();
    this.#waiting = undefined;
    this.#fill(t("queue.turn_title"), h("p", {}, t("queue.turn")), left, links, this.#leaveButton());
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
    if (links.length === 1 && !document.hidden) {
      go(links[0].pathname);
    }
  }

  /** @param {"used" | "expired" | "left"} state */
  #showEnd(state) {
    this.#following.abort();
    this.#waiting = undefined;
    this.#state = undefined;
    this.#first = 0;
    this.dates.isAdmitted = false;
    this.dates.showLinks();
    document.title = this.title;
    const again = h("button", { type: "button", class: "primary wide", click: () => act(again, () => this.join()) }, t("queue.join_again"));
    this.#fill(t("queue.title"), h("p", { class: "note", role: "status" }, t(`queue.${state}`)), h("p", {}, again));
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
