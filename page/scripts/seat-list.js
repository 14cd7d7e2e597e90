/** Section, row and seat from a list, for those to whom a map is of no use. It is loaded when somebody opens it. */

import { h, money, t } from "./app.js";
import { idOf } from "./seats.js";

/** @import { Section } from "./types.js" */

/** The three choices, and a button that adds the seat. */
export class SeatList {
  /** @type {Section | undefined} */
  #shown;
  /** @type {Set<string>} */
  #chosen = new Set();

  /** @param {(section: string) => void} onSection @param {(seatId: string) => void} onSeat */
  constructor(onSection, onSeat) {
    this.section = h("select", { id: "list-section", change: () => onSection(this.section.value) });
    this.row = h("select", { id: "list-row", change: () => this.#showSeats() });
    this.seat = h("select", { id: "list-seat" });
    this.button = h("button", { type: "button", id: "list-add", click: () => onSeat(this.seat.value) }, t("seats.add"));
    const fields = [this.section, this.row, this.seat].map((select, index) =>
      h("p", {}, h("label", { for: select.id }, t(["seats.section", "seats.row", "seats.seat"][index])), select));
    this.element = h("div", { class: "best" }, ...fields, this.button);
  }

  /** @param {Section[]} sections @param {Section | undefined} section @param {Set<string>} chosen */
  show(sections, section, chosen) {
    this.#shown = section;
    this.#chosen = chosen;
    const choices = sections.map((one) =>
      [one.section, `${one.section} · ${money(one.price)} · ${t("concert.left", { n: one.available })}`]);
    setChoices(this.section, section ? choices : [["", t("seats.choose")], ...choices], section?.section ?? "");
    const rows = section?.rows?.filter(({ states }) => states.includes("a")) ?? [];
    setChoices(this.row, rows.map(({ row }) => [row, t("seats.row_label", { row })]), this.row.value);
    this.#showSeats();
  }

  #showSeats() {
    const section = this.#shown;
    const row = section?.rows?.find((one) => one.row === this.row.value);
    const ids = section && row ? [...row.states].map((_, index) => idOf(section.section, row, index)) : [];
    const free = ids.filter((id, index) => row?.states[index] === "a" && !this.#chosen.has(id));
    setChoices(this.seat, free.map((id) => [id, id.split("-")[2]]), this.seat.value);
    this.button.disabled = free.length === 0;
  }
}

/**
 * Fills a select, but only if its choices change: filling it would close an open list.
 * @param {HTMLSelectElement} select
 * @param {string[][]} choices Values and texts.
 * @param {string} value
 */
function setChoices(select, choices, value) {
  const signature = JSON.stringify(choices);
  if (select.dataset.choices !== signature) {
    select.dataset.choices = signature;
    select.replaceChildren(...choices.map(([choice, text]) => h("option", { value: choice }, text)));
  }
  select.value = choices.some(([choice]) => choice === value) ? value : (choices[0]?.[0] ?? "");
}
