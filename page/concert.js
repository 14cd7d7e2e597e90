/**
 * The documents `/` and `/app/concerts/{id}`: times in the viewer's zone, countdowns, and dates as they stand now. The
 * server has written what they say at first.
 */

import { ask, moment, now, t } from "./app.js";

/** @import { Schedule, Screen } from "./types.js" */

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
    const { QueuePanel } = await import("./queue.js");
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
  const counts = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const first = counts.findIndex((count, index) => count > 0 || index === 3);
  return counts.slice(first, first + 2).map((count, index) => t(`unit.${"dhms"[first + index]}`, { count })).join(" ");
}

/** The dates of a concert, asked for again while somebody looks at them. */
export class Dates {
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
    return [...this.main.querySelectorAll(`.date:is([data-state="on_sale"], [data-state="few_left"]) .choose`)].map((link) =>
      /** @type {HTMLAnchorElement} */ (link));
  }

  async refresh() {
    const answer = await ask(`/concerts/${this.concertId}`, { etag: this.#etag, signal: this.signal }).catch(() => undefined);
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
    const sum = (/** @type {"available" | "seats"} */ name) => sections.reduce((total, section) => total + section[name], 0);
    const isFew = state === "on_sale" && sum("available") <= sum("seats") * FEW_LEFT;
    item.dataset.state = isFew ? "few_left" : state;
    if (state !== "not_open") {
      badge.removeAttribute("data-opens");
      showState(badge, item.dataset.state ?? "");
    } else {
      badge.dataset.opens = opensAt;
    }
    if (isFew && sum("available") === 0) {
      badge.textContent = t("state.all_held");
    }
    for (const { section, available } of sections) {
      const left = item.querySelector(`[data-section="${section}"] .left`);
      left?.replaceChildren(t("concert.left", { n: available }));
    }
  }
}
