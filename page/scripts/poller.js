/**
 * Polls a place in a queue. The poller runs in a worker of its own, because browsers slow down the timers of hidden
 * pages; network, clock and chance come from outside, so that it can be tested without them.
 */

/** @import { Entry, Order, World } from "./types.js" */

/** How often a queue that is sold out or over is looked at, in case that it goes on. */
const LOOK_MS = 60_000;
const BACKOFF_MS_MIN = 1_000;
const BACKOFF_MS_MAX = 30_000;
const REFUSALS = [401, 403, 404];

/** Keeps one place up to date. It never asks sooner than the last answer allowed. */
export class Poller {
  #token;
  #dueAt = 0;
  #failures = 0;
  #isBusy = false;
  #isStopped = false;
  /** @type {any} */
  #timer;
  /** Whether only the public state is looked at. */
  #isLooking = false;

  /** @param {string} queueId @param {string} token @param {World} world */
  constructor(queueId, token, world) {
    this.queueId = queueId;
    this.#token = token;
    this.world = world;
  }

  /** Polls if it is time, or waits for the rest of it: after a sleep, a lost network, or to begin with. */
  wake() {
    const isLate = this.#failures > 0 || this.world.now() >= this.#dueAt;
    if (!this.#isBusy && !this.#isStopped) {
      this.#plan(isLate ? 0 : this.#dueAt - this.world.now());
    }
  }

  /** Notes that the network is lost: the next wake polls at once. */
  lose() {
    this.#failures ||= 1;
  }

  /** Ends polling for good. */
  stop() {
    this.#isStopped = true;
    this.world.clearTimeout(this.#timer);
  }

  /** @param {number} ms */
  #plan(ms) {
    this.#dueAt = this.world.now() + ms;
    this.world.clearTimeout(this.#timer);
    this.#timer = this.world.setTimeout(() => void this.#ask(), ms);
  }

  async #ask() {
    this.#isBusy = true;
    const pause = await (this.#isLooking ? this.#look() : this.#poll()).catch(() => this.#fail());
    this.#isBusy = false;
    if (pause === undefined) {
      this.stop();
    } else if (!this.#isStopped) {
      this.#plan(pause);
    }
  }

  /** Asks for the place, and returns how long to wait; undefined if it has ended. */
  async #poll() {
    const response = await this.#get(`/queues/${this.queueId}/tokens/me`, { "Queue-Token": this.#token });
    if (REFUSALS.includes(response.status)) {
      const { code = "" } = await response.json().catch(() => ({}));
      this.world.report({ kind: "refused", code });
      return undefined;
    }
    if (!response.ok) {
      return this.#fail(response);
    }
    /** @type {Entry} */
    const entry = await response.json();
    this.#failures = 0;
    this.#token = entry.token ?? this.#token;
    this.world.report({ kind: "entry", entry });
    if (entry.retry_after_ms !== undefined) {
      return entry.retry_after_ms;
    }
    this.#isLooking = entry.state === "waiting";
    return this.#isLooking ? LOOK_MS : undefined;
  }

  /** Looks whether a queue that was sold out or over goes on. */
  async #look() {
    const response = await this.#get(`/queues/${this.queueId}`, {});
    if (!response.ok) {
      return this.#fail(response);
    }
    this.#failures = 0;
    const { state } = await response.json();
    this.#isLooking = state === "sold_out" || state === "over";
    return this.#isLooking ? LOOK_MS : 0;
  }

  /** @param {string} path @param {Record<string, string>} headers */
  #get(path, headers) {
    return this.world.fetch(path, { headers, cache: "no-store", credentials: "omit" });
  }

  /** Waits longer after each failure, by chance, lest a crowd comes back at once. @param {Response} [response] */
  #fail(response) {
    this.#failures += 1;
    this.world.report({ kind: "trouble" });
    const told = Number(response?.headers.get("Retry-After") ?? 0) * 1000;
    const most = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#failures);
    return Math.max(told, BACKOFF_MS_MIN) + this.world.random() * (most - BACKOFF_MS_MIN);
  }
}

/** Runs a poller as the worker's page asks for it. @param {any} worker */
function serve(worker) {
  /** @type {Poller | undefined} */
  let poller;
  worker.onmessage = (/** @type {MessageEvent<Order>} */ { data }) => {
    if (data.kind === "lose") {
      poller?.lose();
      return;
    }
    if (data.kind === "start") {
      poller = new Poller(data.queueId, data.token, {
        fetch: (path, init) => fetch(path, init),
        now: Date.now,
        random: Math.random,
        setTimeout: (action, ms) => setTimeout(action, ms),
        clearTimeout: (timer) => clearTimeout(timer),
        report: (report) => worker.postMessage(report),
      });
    }
    poller?.wake();
  };
}

if ("WorkerGlobalScope" in globalThis) {
  serve(globalThis);
}
