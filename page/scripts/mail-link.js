/** Where links of mails lead: to a new password, and to the proof of an address. The link's secret is its fragment. */

import { Refusal, actionButton, ask, fill, h, keepSession, showScreen, t } from "./app.js";
import { makeForgotten, makeForm, newPasswordField, passwordSwitch } from "./log-in.js";

/** @import { Screen } from "./types.js" */

/** @type {Screen} */
export default async function showMailLink({ params: [kind], signal }) {
  const token = takeToken(kind);
  // Another link may be opened in the same tab, which loads nothing.
  addEventListener("hashchange", () => readFragment() && showScreen(), { signal });
  if (kind === "reset") {
    showReset(token);
  } else {
    showProof(token);
  }
}

/** The secret in the address; a fragment that names a part of the page is none. */
function readFragment() {
  const fragment = location.hash.slice(1);
  return document.getElementById(fragment) ? "" : fragment;
}

/** @param {string} kind */
const placeOf = (kind) => `mail-link ${kind}`;

/**
 * Takes the secret out of the address, where others may read it, and out of the history of the browser. This tab keeps
 * it until it is used, so that a reload or a change of language does not lose it.
 * @param {string} kind
 */
function takeToken(kind) {
  const token = readFragment();
  if (token) {
    sessionStorage.setItem(placeOf(kind), token);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(placeOf(kind)) ?? "";
}

/** @param {string} kind */
const forgetToken = (kind) => sessionStorage.removeItem(placeOf(kind));

/** Whether the link is of no use. A token that cannot be one is told as a wrong field. @param {unknown} problem */
const isEnded = (problem) => problem instanceof Refusal && (problem.code === "link-ended"
  || problem.problem.errors?.some((/** @type {{ field: string }} */ { field }) => field === "token"));

/** @param {string} title @param {...(HTMLElement | false)} content */
function show(title, ...content) {
  fill(title, h("section", { class: "panel log-in" }, ...content));
}

/**
 * Shows a success, and the way on. A reload leads there, too, as the link is used.
 * @param {string} title @param {string} text
 */
function showDone(title, text) {
  history.replaceState(null, "", "/app/account");
  show(title, h("p", { class: "note good", tabindex: -1 }, text),
    h("a", { class: "button primary wide", href: "/app/account" }, t("nav.account")));
  focusNote();
}

const focusNote = () => /** @type {HTMLElement | null} */ (document.querySelector("main .note"))?.focus();

/** @param {string} token */
function showReset(token) {
  const title = t("reset.title");
  const askAnother = (/** @type {string} */ text, /** @type {boolean} */ afterLoss = false) =>
    show(title, h("p", { class: "note warn", tabindex: -1 }, text),
      afterLoss && h("p", {}, t("reset.after_loss"), " ", h("a", { href: "/app/account" }, t("account.log_in"))),
      makeForgotten());
  if (!token) {
    askAnother(t("reset.incomplete"));
    return;
  }
  const send = async (/** @type {Record<string, string>} */ { password }) => {
    const body = { token, password, cookie: true };
    try {
      keepSession((await ask("/password-resets/confirmation", { method: "POST", body, cookie: true })).body);
      forgetToken("reset");
      showDone(title, t("reset.done"));
    } catch (problem) {
      if (!isEnded(problem)) {
        throw problem;
      }
      forgetToken("reset");
      askAnother(t("problem.link-ended"), /** @type {Refusal} */ (problem).afterLoss);
      focusNote();
    }
  };
  show(title, makeForm(t("reset.set"), send, {}, newPasswordField("password"), passwordSwitch()));
  document.querySelector("input")?.focus();
}

/** Proves the address once a button is pressed: programs that look into mails open links, too. @param {string} token */
function showProof(token) {
  const title = t("prove.title");
  const lead = (/** @type {string} */ text) => show(title, h("p", { class: "note warn", tabindex: -1 }, text),
    h("p", {}, t("prove.look")), h("a", { class: "button wide", href: "/app/account" }, t("nav.account")));
  if (!token) {
    lead(t("prove.incomplete"));
    return;
  }
  const button = actionButton(t("prove.confirm"), "primary wide", async () => {
    try {
      await ask("/address-proofs", { method: "POST", body: { token } });
      forgetToken("prove");
      showDone(title, t("prove.done"));
    } catch (problem) {
      if (!isEnded(problem)) {
        throw problem;
      }
      forgetToken("prove");
      lead(t("problem.link-ended"));
      focusNote();
    }
  });
  show(title, h("p", {}, t("prove.lead")), h("div", {}, button));
  button.focus();
}
