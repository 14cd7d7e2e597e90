/**
 * Forms of passwords: to log in, to sign up, to ask for a new one by mail; and the log-in in place that other screens
 * ask for.
 */

import { Refusal, act, announce, ask, fill, go, h, keepSession, showScreen, t } from "./app.js";

/** @typedef {"log_in" | "sign_up" | "forgotten"} Mode */

/** Shows the forms instead of a screen. @param {...(HTMLElement | false)} notes */
export function showLogIn(...notes) {
  const isOther = location.pathname !== "/app/account";
  fill(t("account.title"), ...notes, isOther && h("p", { class: "note" }, t("account.needed")), makeForms(leaveLogIn));
}

/** After a log-in the visitor is where they were: on the same screen, or where the link to the log-in came from. */
function leaveLogIn() {
  const wanted = new URLSearchParams(location.search).get("return_to") ?? "";
  if (/^\/(?:app\/|$|\?)/.test(wanted)) {
    go(wanted, { replace: true });
  } else {
    void showScreen();
  }
}

/**
 * The forms to log in, to sign up and to ask for a new password, of which one is shown.
 * @param {() => void} onDone
 */
function makeForms(onDone) {
  const box = h("section", { class: "panel log-in" });
  const link = (/** @type {string} */ key, /** @type {Mode} */ mode) =>
    h("button", { type: "button", class: "link", click: () => show(mode) }, t(`account.${key}`));
  const show = (/** @type {Mode} */ mode) => {
    const email = /** @type {HTMLInputElement | null} */ (box.querySelector("[name=email]"))?.value ?? "";
    const links = mode === "log_in" ? [link("has_none", "sign_up"), link("forgotten", "forgotten")]
      : [link(mode === "sign_up" ? "has_one" : "to_log_in", "log_in")];
    box.replaceChildren(h("h2", {}, t(mode === "forgotten" ? "reset.title" : `account.${mode}`)),
      mode === "forgotten" ? makeForgotten(email) : makeEntry(mode === "sign_up", email, onDone),
      h("div", { class: "row" }, ...links));
    box.querySelector("input")?.focus();
  };
  show("log_in");
  return box;
}

/** @param {boolean} isNew @param {string} email @param {() => void} onDone */
function makeEntry(isNew, email, onDone) {
  const send = async (/** @type {Record<string, string>} */ { name, ...account }) => {
    if (isNew) {
      await ask("/users", { method: "POST", body: { ...account, name } });
    }
    keepSession((await ask("/sessions", { method: "POST", body: { ...account, cookie: true }, cookie: true })).body);
    announce(t("account.welcome"));
    onDone();
  };
  return makeForm(t(isNew ? "account.sign_up" : "account.log_in"), send, {},
    isNew && field("name", { type: "text", autocomplete: "name", maxlength: 60, autofocus: true }),
    emailField(email, !isNew),
    isNew ? newPasswordField("password", t("account.password"))
      : field("password", { type: "password", autocomplete: "current-password" }));
}

/** The form that asks for a mail with a link to a new password. @param {string} [email] */
export function makeForgotten(email = "") {
  const form = makeForm(t("account.send_mail"), async (body) => {
    await ask("/password-resets", { method: "POST", body });
    const sent = h("p", { class: "note good", tabindex: -1 }, t("reset.sent"));
    form.replaceWith(sent);
    sent.focus();
  }, {}, h("p", { class: "muted" }, t("reset.lead")), emailField(email, true));
  return form;
}

// Forms whose refusals stand at their fields

/**
 * @param {string} text Of its button. @param {(values: Record<string, string>) => Promise<void>} action
 * @param {Record<string, [string, string]>} refusals Field and text of codes that are about a field.
 * @param {...(HTMLElement | false)} fields
 */
export function makeForm(text, action, refusals, ...fields) {
  const button = h("button", { class: "primary wide" }, text);
  const form = h("form", { class: "fields", submit: (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    clearRefusals(form);
    void act(button, () => action(values), (said, problem) => {
      const own = problem instanceof Refusal ? refusals[problem.code] : undefined;
      const errors = own ? [{ field: own[0], message: own[1] }] : problem instanceof Refusal && problem.problem.errors;
      if (!errors || !showAtFields(form, errors)) {
        button.after(h("p", { class: "note bad refusal", role: "alert" }, said));
      }
    });
  } }, ...fields, h("div", {}, button));
  return form;
}

/** @param {HTMLFormElement} form */
function clearRefusals(form) {
  form.querySelectorAll(".refusal").forEach((note) => note.remove());
  form.querySelectorAll("[aria-invalid]").forEach((input) => {
    input.removeAttribute("aria-invalid");
    describe(input, "");
  });
}

/** @param {Element} input @param {string} id */
const describe = (input, id) =>
  input.setAttribute("aria-describedby", [id, input.getAttribute("data-hint")].filter(Boolean).join(" "));

/**
 * Shows each error below its field, and goes to the first; false if one is about no field of the form.
 * @param {HTMLFormElement} form @param {{ field: string, message: string }[]} errors
 */
function showAtFields(form, errors) {
  const inputs = errors.map(({ field: name }) => form.querySelector(`input[name="${CSS.escape(name)}"]`));
  if (!errors.length || inputs.includes(null)) {
    return false;
  }
  errors.forEach(({ message }, place) => {
    const input = /** @type {HTMLInputElement} */ (inputs[place]);
    const id = `${input.id}-refusal`;
    input.after(h("span", { id, class: "refusal", role: "alert" }, message));
    input.setAttribute("aria-invalid", "true");
    describe(input, id);
  });
  /** @type {HTMLInputElement} */ (inputs[0]).focus();
  return true;
}

/**
 * @param {string} name As the API names it. @param {Record<string, unknown>} attributes
 * @param {string} [label] @param {string} [hint]
 */
export function field(name, attributes, label = t(`account.${name}`), hint = "") {
  const { id = `account-${name}` } = attributes;
  const hintId = hint && `${id}-hint`;
  const input = h("input", { id, name, required: true, "data-hint": hint && hintId, ...attributes });
  if (hint) {
    describe(input, "");
  }
  return h("p", {}, h("label", { for: id }, label), input,
    hint && h("span", { id: hintId, class: "hint" }, hint));
}

/** @param {string} value @param {boolean} autofocus */
const emailField = (value, autofocus) =>
  field("email", { type: "email", autocomplete: "username", inputmode: "email", autofocus, value });

/** @param {string} name @param {string} [label] */
export const newPasswordField = (name, label = t("account.new_password")) =>
  field(name, { type: "password", autocomplete: "new-password" }, label, t("account.password_hint"));

/** Lets somebody see what they type into the passwords of its form. */
export const passwordSwitch = () =>
  h("label", { class: "check" }, h("input", { type: "checkbox", change: (/** @type {any} */ { target }) => {
    for (const input of target.form.querySelectorAll("[autocomplete$=password]")) {
      input.type = target.checked ? "text" : "password";
    }
  } }), t("account.show_passwords"));

/** Asks for a log-in over the page. @returns {Promise<boolean>} Whether there is a session now. */
export async function logInByDialog() {
  const { openDialog } = await import("./dialog.js");
  const dialog = h("dialog", { "aria-label": t("account.log_in") },
    h("form", { method: "dialog", class: "close" }, h("button", { class: "link" }, t("dialog.close"))),
    makeForms(() => dialog.close("done")));
  return (await openDialog(dialog)) === "done";
}
