/** Choosing seats of a date: the best available, from a list, or on the map. Holding them leads to the cart. */

import {
  Refusal, actionButton, announce, ask, ensureLoggedIn, explain, fill, go, h, keepConcert, moment, money,
  readPlace, savePlace, seatName, t, timeTag, write,
} from "./app.js";

/** @import { Concert, Row, Schedule, Screen, Section } from "./types.js" */

const POLL_MS = 2_000;
const SECTIONS_PER_TIER = 4;
const STACKED_MAX = 4;
const STATES = /** @type {Record<string, string>} */ ({ a: "available", h: "held", s: "sold" });
/** Rows and seats to go for a key. @type {Record<string, number[]>} */
const STEPS = {
  ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity],
};

/** @type {Screen} */
export default async function showSeats({ params: [concertId, scheduleId], signal }) {
  const concert = /** @type {Concert} */ ((await ask(`/concerts/${concertId}`, { signal })).body);
  const date = concert.schedules.find((schedule) => schedule.schedule_id === scheduleId);
  if (!date) {
    throw new Refusal(404, { code: "not-found" });
  }
  const concertPath = `/app/concerts/${concertId}`;
  const facts = h("p", { class: "muted facts" }, timeTag(date.starts_at), " · ", h("bdi", {}, date.place), " · ",
    h("a", { href: concertPath }, t("seats.back")));
  const showInstead = (/** @type {string} */ text) => fill(concert.name, facts, h("div", { class: "panel empty" },
    h("p", {}, text), h("a", { class: "button primary", href: concertPath }, t("seats.back"))));
  const place = concert.queue_id ? readPlace(concert.queue_id) : null;
  if (date.state === "not_open") {
    showInstead(`${t("concert.opens")} ${moment(date.sale_opens_at)}`);
  } else if (date.state === "over") {
    showInstead(t("state.over"));
  } else if (concert.queue_id && place?.state !== "admitted") {
    showInstead(t("seats.queue_first"));
  } else {
    try {
      await showPicker(new Picker(concert, date, place?.token, signal), facts, place?.expires_at);
    } catch (problem) {
      if (!(problem instanceof Refusal && problem.code.startsWith("queue-token"))) {
        throw problem;
      }
      savePlace(concert.queue_id ?? "", null);
      showInstead(explain(problem));
    }
  }
}

/** @param {Picker} picker @param {Node} facts @param {string | undefined} turnEndsAt */
async function showPicker(picker, facts, turnEndsAt) {
  await picker.load(new URLSearchParams(location.search).get("section"));
  const { concert, signal } = picker;
  // The timer is that of the cart, which the visitor needs next.
  const turn = turnEndsAt !== undefined && h("p", { class: "note" }, t("queue.time_left"), " ",
    (await import("./pay.js")).timer(turnEndsAt, signal, () => go(`/app/concerts/${concert.concert_id}`)));
  fill(concert.name, facts, turn, picker.render());
  picker.keepFresh();
}

/** The seats of one date, and those of them that the visitor has chosen. */
class Picker {
  /** @type {Map<string, Section>} */
  #sections = new Map();
  /** @type {Map<string, string | null>} */
  #etags = new Map();
  /** The chosen seats in the order of choosing. @type {Set<string>} */
  #chosen = new Set();
  /** The section that the map shows. */
  #section = "";
  /** @type {import("./seat-list.js").SeatList | undefined} */
  #list;

  /** @param {Concert} concert @param {Schedule} date @param {string | undefined} token @param {AbortSignal} signal */
  constructor(concert, date, token, signal) {
    this.concert = concert;
    // Dearer sections are nearer to the stage.
    this.date = { ...date, sections: [...date.sections].sort((one, other) => other.price - one.price) };
    this.queueToken = token;
    this.signal = signal;
    this.grid = new SeatGrid((seatId) => this.toggle(seatId));
    this.hall = h("div", { class: "hall" });
    this.listBox = h("details", { class: "panel", id: "list", toggle: () => void this.#openList() },
      h("summary", {}, t("seats.list_title")));
    this.summary = h("div", { class: "stack" });
    this.notice = h("p", { class: "note warn", role: "status", hidden: true });
    this.holdButton = actionButton("", "primary wide", () => this.#reserve({ seat_ids: [...this.#chosen].sort() }),
      (text, problem) => this.#explainHold(text, problem));
    this.holdButton.id = "hold";
    this.aside = h("aside", { class: "panel summary", "aria-label": t("seats.summary") },
      this.summary, this.notice, this.holdButton);
  }

  /** Begins with the counts that the concert has told. @param {string | null} wanted The section to open. */
  async load(wanted) {
    const { sections } = this.date;
    sections.forEach((section) => this.#sections.set(section.section, section));
    this.#section = sections.find(({ section }) => section === wanted || sections.length === 1)?.section ?? "";
    if (this.#section) {
      await this.#ask();
    }
  }

  /** Asks for the open section with its rows, or for all counts; false if nothing has changed. */
  async #ask() {
    const query = this.#section && `&section=${encodeURIComponent(this.#section)}`;
    const path = `/schedules/${this.date.schedule_id}/seats?view=rows${query}`;
    const { queueToken, signal } = this;
    const answer = await ask(path, { etag: this.#etags.get(path), auth: Boolean(queueToken), queueToken, signal });
    this.#etags.set(path, answer.etag);
    for (const section of /** @type {Section[]} */ (answer.body?.sections ?? [])) {
      // A row that begins later begins with gaps, so that a seat stands at its number in every row.
      section.rows?.forEach((row) => { row.states = "-".repeat((row.from ?? 1) - 1) + row.states; });
      this.#sections.set(section.section, { ...this.#sections.get(section.section), ...section });
    }
    return answer.status !== 304;
  }

  render() {
    const best = makeBest(this.date, (wish) => this.#reserve({ best: wish }));
    const map = h("section", { class: "panel", "aria-labelledby": "map-title" },
      h("h2", { id: "map-title" }, t("seats.map_title")), this.hall, this.grid.element);
    this.#paint();
    this.#summarise();
    return h("div", { class: "columns" }, h("div", { class: "stack" }, best, this.listBox, map), this.aside);
  }

  /** Asks again while somebody looks. */
  keepFresh() {
    const look = async () => {
      if (!document.hidden && navigator.onLine && await this.#ask().catch(() => false)) {
        this.#dropTaken();
        this.#paint();
      }
    };
    const looking = setInterval(look, POLL_MS);
    this.signal.addEventListener("abort", () => clearInterval(looking));
  }

  /** Shows a section on the map. @param {string} section */
  async open(section) {
    this.#section = section;
    history.replaceState(null, "", `?section=${encodeURIComponent(section)}`);
    this.#paint();
    await this.#ask();
    this.#paint();
  }

  #paint() {
    const sections = [...this.#sections.values()];
    const section = this.#sections.get(this.#section);
    // A picture that is drawn anew would lose the focus of its buttons.
    const focused = this.hall.querySelector(":focus")?.getAttribute("data-section");
    const hall = sections.length > 1 ? drawHall(sections, this.#section, (label) => void this.open(label)) : [];
    this.hall.replaceChildren(...hall);
    const button = /** @type {HTMLElement | null} */ (this.hall.querySelector(`[data-section="${focused}"]`));
    button?.focus();
    this.grid.show(section, this.#chosen);
    this.#list?.show(sections, section, this.#chosen);
  }

  async #openList() {
    const { SeatList } = await import("./seat-list.js");
    if (!this.#list) {
      this.#list = new SeatList((section) => void this.open(section), (seatId) => this.toggle(seatId));
      this.listBox.append(this.#list.element);
      this.#paint();
    }
  }

  /** Chooses a seat or gives it up; nothing is sent before the hold. @param {string} seatId */
  toggle(seatId) {
    const seat = seatName(seatId);
    if (this.#chosen.delete(seatId)) {
      announce(t("seats.removed", { seat }));
    } else if (this.#chosen.size >= this.date.max_seats_per_user) {
      this.#say(t("seats.limit", { n: this.date.max_seats_per_user }));
      return;
    } else {
      this.#chosen.add(seatId);
      announce(t("seats.added", { seat }));
    }
    this.#say(this.#warnOfLoneSeat());
    this.#paint();
    this.#summarise();
  }

  /** @param {string} text Empty for nothing to say. */
  #say(text) {
    Object.assign(this.notice, { textContent: text, hidden: !text });
  }

  #summarise() {
    const seats = [...this.#chosen].map((seatId) =>
      ({ seatId, seat: seatName(seatId), price: this.#sections.get(seatId.split("-")[0])?.price ?? 0 }));
    const total = money(seats.reduce((sum, { price }) => sum + price, 0));
    const lines = seats.map(({ seatId, seat, price }) => {
      const attributes = { type: "button", class: "link", "aria-label": t("seats.remove", { seat }) };
      const remove = h("button", { ...attributes, click: () => this.toggle(seatId) }, "×");
      return h("li", { class: "row" }, h("span", {}, seat), h("b", {}, money(price)), remove);
    });
    this.summary.replaceChildren(
      h("h2", {}, t("seats.yours")),
      seats.length ? h("ul", { class: "plain chosen" }, ...lines) : h("p", { class: "muted" }, t("seats.none_chosen")),
      h("p", { class: "row" }, t("seats.total"), h("span", { class: "total", id: "total" }, total)));
    this.holdButton.textContent = seats.length ? t("seats.hold", { n: seats.length, total }) : t("seats.hold_none");
    this.holdButton.disabled = seats.length === 0;
    this.aside.toggleAttribute("data-empty", seats.length === 0);
  }

  /** A sentence if the choice leaves a single seat alone; it warns and does not refuse. */
  #warnOfLoneSeat() {
    for (const row of this.#sections.get(this.#section)?.rows ?? []) {
      const isChosen = (/** @type {number} */ index) => this.#chosen.has(idOf(this.#section, row, index));
      const isFree = (/** @type {number} */ index) => row.states[index] === "a" && !isChosen(index);
      const lone = [...row.states].findIndex((_, index) => isFree(index) && !isFree(index - 1) && !isFree(index + 1) &&
        (isChosen(index - 1) || isChosen(index + 1)));
      if (lone >= 0) {
        return t("seats.lone", { seat: seatName(idOf(this.#section, row, lone)) });
      }
    }
    return "";
  }

  /** Where the state of a seat stands. @param {string} seatId */
  #locate(seatId) {
    const [section, label, seat] = seatId.split("-");
    const row = this.#sections.get(section)?.rows?.find((one) => one.row === label) ?? { row: label, states: "" };
    return { row, index: Number(seat) - 1 };
  }

  /** Gives up the chosen seats that are no longer free, and says which. */
  #dropTaken() {
    const taken = [...this.#chosen].filter((seatId) => {
      const { row, index } = this.#locate(seatId);
      return row.states[index] !== "a";
    });
    if (taken.length > 0) {
      taken.forEach((seatId) => this.#chosen.delete(seatId));
      this.#say(t("seats.taken", { seats: taken.map(seatName).join(", ") }));
      this.#summarise();
    }
  }

  /** Holds what is wished, and goes to the cart. @param {Record<string, unknown>} wish */
  async #reserve(wish) {
    if (await ensureLoggedIn()) {
      const body = { schedule_id: this.date.schedule_id, ...wish };
      const { body: reservation } = await write("/reservations", body, { queueToken: this.queueToken });
      keepConcert(this.concert);
      go(`/app/cart/${reservation.reservation_id}`);
    }
  }

  /** @param {string} text @param {unknown} problem */
  #explainHold(text, problem) {
    const { seats, reservation_id: reservationId, code } = problem instanceof Refusal ? problem.problem : {};
    if (code === "seat-yours") {
      go(`/app/cart/${reservationId}`);
    } else if (code === "seat-taken") {
      seats.forEach((/** @type {string} */ seatId) => {
        const { row, index } = this.#locate(seatId);
        row.states = `${row.states.slice(0, index)}h${row.states.slice(index + 1)}`;
      });
      this.#dropTaken();
      this.#paint();
    } else {
      this.#say(text);
    }
  }
}

/** @param {string} section @param {Row} row @param {number} index Within the states of the row. */
export const idOf = (section, row, index) => `${section}-${row.row}-${index + 1}`;

/**
 * "n seats, best available": how many first, and the server chooses neighbours.
 * @param {Schedule} date @param {(wish: Record<string, unknown>) => Promise<void>} onHold
 */
function makeBest({ sections, max_seats_per_user: most }, onHold) {
  const counts = Array.from({ length: most }, (_, index) => index + 1).map((n) =>
    h("option", { value: n, selected: n === Math.min(2, most) }, t("seats.count", { n })));
  const places = sections.map(({ section, price }) =>
    h("option", { value: section }, `${t("concert.section", { section })} · ${money(price)}`));
  const count = h("select", { id: "best-count" }, ...counts);
  const place = h("select", { id: "best-section" }, h("option", { value: "" }, t("seats.any_section")), ...places);
  const answer = h("div", { class: "stack", role: "alert" });
  /** @param {boolean} apart Whether the seats need not be neighbours. */
  const hold = (apart) => {
    answer.replaceChildren();
    const section = place.value;
    return onHold({ count: Number(count.value), ...(section && { section }), ...(apart && { apart }) });
  };
  const explainBest = (/** @type {string} */ text, /** @type {unknown} */ problem) => {
    const isSplit = problem instanceof Refusal && problem.code === "not-together";
    const takeApart = actionButton(t("seats.take_apart"), "", () => hold(true), explainBest);
    answer.replaceChildren(h("p", { class: "note warn" }, text), ...(isSplit ? [takeApart] : []));
  };
  const button = actionButton(t("seats.hold_best"), "primary", () => hold(false), explainBest);
  button.id = "hold-best";
  return h("section", { class: "panel", "aria-labelledby": "best-title" },
    h("h2", { id: "best-title" }, t("seats.best_title")),
    h("div", { class: "best" },
      h("p", {}, h("label", { for: "best-count" }, t("seats.how_many")), count),
      h("p", {}, h("label", { for: "best-section" }, t("seats.where")), place), button),
    answer);
}

/**
 * The sections in front of the stage: a picture for pointers, and buttons for everybody.
 * @param {Section[]} sections @param {string} current @param {(section: string) => void} onOpen
 */
function drawHall(sections, current, onOpen) {
  const places = placesOf(sections.length);
  const blocks = sections.map(({ section, available, held, sold }, index) => {
    const { x, y, width } = places[index];
    const share = available / Math.max(1, available + held + sold);
    const block = svg("g", { class: section === current ? "block current" : "block" },
      svg("rect", { x: x + 1, y, width: width - 2, height: 14, rx: 2, "fill-opacity": 0.1 + share / 2 }),
      svg("text", { x: x + width / 2, y: y + 6 }, section),
      svg("text", { x: x + width / 2, y: y + 11, class: "count" }, t("concert.left", { n: available })));
    block.addEventListener("click", () => onOpen(section));
    return block;
  });
  const buttons = sections.map(({ section, price, available }) => {
    const attributes = { type: "button", "data-section": section, "aria-pressed": String(section === current) };
    const text = [h("span", {}, section), h("b", {}, money(price)), h("span", {}, t("concert.left", { n: available }))];
    return h("li", {}, h("button", { ...attributes, click: () => onOpen(section) }, ...text));
  });
  return [
    svg("svg", { viewBox: `0 0 100 ${places[places.length - 1].y + 15}`, "aria-hidden": "true" },
      svg("rect", { x: 25, y: 0, width: 50, height: 5.5, rx: 1.5, class: "stage" }),
      svg("text", { x: 50, y: 4, class: "count" }, t("seats.stage")), ...blocks),
    h("ul", { class: "plain section-buttons", "aria-label": t("seats.sections") }, ...buttons),
  ];
}

/**
 * Where sections lie in the picture: few of them one behind the other, wider to the back; many side by side.
 * @param {number} count
 */
function placesOf(count) {
  const isStacked = count <= STACKED_MAX;
  const columns = isStacked ? 1 : SECTIONS_PER_TIER;
  return Array.from({ length: count }, (_, index) => {
    const width = isStacked ? 60 + (40 * index) / Math.max(1, count - 1) : 100 / columns;
    const x = isStacked ? (100 - width) / 2 : (index % columns) * width;
    return { x, y: 8 + 16 * Math.floor(index / columns), width };
  });
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...(Node | string)} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, String(value)));
  element.append(...children);
  return element;
}

/** The seats of a section as buttons: one stop for Tab, and arrow keys from seat to seat. */
class SeatGrid {
  /** @type {(HTMLButtonElement | undefined)[][]} Buttons by row and number. */
  #cells = [];
  #shown = "";

  /** @param {(seatId: string) => void} onToggle */
  constructor(onToggle) {
    this.onToggle = onToggle;
    this.element = h("div", { class: "seat-map" });
    this.element.addEventListener("click", (event) => this.#press(event));
    this.element.addEventListener("keydown", (event) => this.#move(event));
  }

  /** @param {Section | undefined} section @param {Set<string>} chosen */
  show(section, chosen) {
    if (!section?.rows) {
      this.#shown = "";
      this.element.replaceChildren(h("p", { class: "muted" }, t("seats.choose_section")));
      return;
    }
    const shape = `${section.section}/${section.rows.map(({ row, states }) => `${row}:${states.length}`)}`;
    if (shape !== this.#shown) {
      this.#shown = shape;
      this.#build(section);
    }
    this.#update(section, chosen);
  }

  /** @param {Section} section */
  #build({ section, price, rows = [] }) {
    this.#cells = rows.map((row) => [...row.states].map((state, index) => {
      const attributes = { type: "button", class: "seat", tabindex: -1, "data-seat": idOf(section, row, index) };
      return state === "-" ? undefined : h("button", attributes, index + 1);
    }));
    this.#cells.flat().find(Boolean)?.setAttribute("tabindex", "0");
    const lines = rows.map(({ row }, line) =>
      h("div", { class: "line", role: "group", "aria-label": t("seats.row_label", { row }) },
        h("span", { class: "line-label", "aria-hidden": "true" }, row),
        ...this.#cells[line].map((cell) => cell ?? h("span", { class: "gap" }))));
    const legend = ["available", "chosen", "held", "sold"].map((state) =>
      h("span", {}, h("i", { class: "seat", "data-state": state }), t(`seat.${state}`)));
    this.element.replaceChildren(
      h("p", { class: "row" }, h("b", {}, t("concert.section", { section })), h("b", {}, money(price))),
      h("div", { class: "seats", role: "group", "aria-label": t("seats.map_label", { section }) }, ...lines),
      h("p", { class: "legend", "aria-hidden": "true" }, ...legend));
  }

  /** Touches only the seats that have changed. @param {Section} section @param {Set<string>} chosen */
  #update({ section, price, rows = [] }, chosen) {
    const priceText = money(price);
    rows.forEach((row, line) => [...row.states].forEach((letter, index) => {
      const seat = this.#cells[line][index];
      const id = idOf(section, row, index);
      const state = chosen.has(id) ? "chosen" : STATES[letter];
      if (seat && seat.dataset.state !== state) {
        seat.dataset.state = state;
        seat.ariaPressed = String(state === "chosen");
        seat.ariaDisabled = state === "held" || state === "sold" ? "true" : null;
        const values = { row: row.row, seat: String(index + 1), price: priceText, state: t(`seat.${state}`) };
        seat.ariaLabel = t("seat.label", values);
      }
    }));
  }

  /** @param {Event} event */
  #press(event) {
    const seat = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("button.seat"));
    if (seat) {
      this.#focus(seat);
      if (seat.ariaDisabled === "true") {
        announce(seat.ariaLabel ?? "");
      } else {
        this.onToggle(seat.dataset.seat ?? "");
      }
    }
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const [lines, seats] = STEPS[event.key] ?? [0, 0];
    const line = this.#cells.findIndex((cells) => cells.includes(/** @type {HTMLButtonElement} */ (event.target)));
    if (line < 0 || lines === seats) {
      return;
    }
    event.preventDefault();
    const number = this.#cells[line].indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const cells = this.#cells[line + lines] ?? [];
    const numbers = [...cells.keys()].filter((one) => cells[one]);
    const nearest = numbers.toSorted((one, other) => Math.abs(one - number) - Math.abs(other - number))[0];
    const along = Math.min(numbers.length - 1, Math.max(0, numbers.indexOf(number) + seats));
    const seat = cells[lines ? nearest : numbers[along]];
    if (seat) {
      this.#focus(seat);
    }
  }

  /** @param {HTMLElement} seat */
  #focus(seat) {
    this.element.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    seat.tabIndex = 0;
    seat.focus();
  }
}
