/** The hall as a picture of its sections. It is loaded only where there are several. */

import { h, money, t } from "./app.js";

/** @import { Section } from "./types.js" */

const WIDTH = 400;
const TIER_HEIGHT = 62;
const STAGE_HEIGHT = 32;
const GAP = 8;
const SECTIONS_PER_TIER = 4;

/**
 * The sections in front of the stage, for pointers, and the same sections as buttons, for everybody.
 * @param {Section[]} sections @param {string} current @param {(section: string) => void} onOpen
 */
export function drawHall(sections, current, onOpen) {
  const tiers = Math.ceil(sections.length / SECTIONS_PER_TIER);
  const perTier = Math.ceil(sections.length / tiers);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${STAGE_HEIGHT + tiers * TIER_HEIGHT}`, "aria-hidden": "true" },
    svg("rect", { x: WIDTH / 4, y: 0, width: WIDTH / 2, height: 22, rx: 6, class: "stage" }),
    svg("text", { x: WIDTH / 2, y: 15, class: "count" }, t("seats.stage")));
  sections.forEach((section, index) => {
    const width = WIDTH / perTier;
    const block = drawBlock(section, (index % perTier) * width, Math.floor(index / perTier) * TIER_HEIGHT + STAGE_HEIGHT, width);
    block.classList.toggle("current", section.section === current);
    block.addEventListener("click", () => onOpen(section.section));
    picture.append(block);
  });
  const buttons = sections.map(({ section, price, available }) => {
    const attributes = { type: "button", "data-section": section, "aria-pressed": String(section === current) };
    return h("li", {}, h("button", { ...attributes, click: () => onOpen(section) },
      h("span", {}, section), h("b", {}, money(price)),
      h("span", { class: "muted" }, t("concert.left", { n: available }))));
  });
  return [picture, h("ul", { class: "plain section-buttons", "aria-label": t("seats.sections") }, ...buttons)];
}

/** A section; the more is left, the stronger is its colour. @param {Section} section @param {number} x @param {number} y @param {number} width */
function drawBlock({ section, available, held, sold }, x, y, width) {
  const share = available / Math.max(1, available + held + sold);
  const middle = x + width / 2;
  return svg("g", { class: "block" },
    svg("rect", { x: x + GAP / 2, y, width: width - GAP, height: TIER_HEIGHT - GAP, rx: 8, "fill-opacity": 0.1 + share / 2 }),
    svg("text", { x: middle, y: y + 24 }, section),
    svg("text", { x: middle, y: y + 43, class: "count" }, t("concert.left", { n: available })));
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...(Node | string)} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, String(value)));
  element.append(...children);
  return element;
}
