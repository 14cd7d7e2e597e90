/** The account: log in, sign up, log out; and the log-in in place that other screens ask for. */

import {
  act, actionButton, announce, ask, dropSession, fill, go, h, isLoggedIn, keepSession, showScreen, t,
} from "./app.js";

/** @import { Screen } from "./types.js" */

/** @type {Screen} */
export default async function showAccount({ signal }) {
  if (!isLoggedIn()) {
    const isOther = location.pathname !== "/app/account";
    fill(t("account.title"), isOther && h("p", { class: "note" }, t("account.needed")), makeForms(leaveLogIn));
    return;
  }
  const { body: user } = await ask("/users/me", { auth: true, signal });
  fill(t("account.title"),
    h("section", { class: "panel" },
      h("h2", {}, h("bdi", {}, user.name)),
      h("p", { class: "muted" }, user.email),
      actionButton(t("account.log_out"), "", logOut)),
    h("ul", { class: "tiles plain" },
      tile("/app/tickets", "nav.tickets"), tile("/app/orders", "orders.title"), tile("/app/wallet", "wallet.title")));
}

/** @param {string} path @param {string} key */
const tile = (path, key) => h("li", {}, h("a", { class: "panel", href: path }, t(key)));

/** After a log-in the visitor is where they were: on the same screen, or where the link to the log-in came from. */
function leaveLogIn() {
  const wanted = new URLSearchParams(location.search).get("return_to") ?? "";
  if (/^\/(?:app\/|$|\?)/.test(wanted)) {
    go(wanted, { replace: true });
  } else {
    void showScreen();
  }
}

/** @param {string} email @param {string} password */
async function logIn(email, password) {
  const body = { email, password, cookie: true };
  keepSession((await ask("/sessions", { method: "POST", body, cookie: true })).body);
}

/** Ends the session. This device forgets it and the places in queues, even if the server cannot be told. */
async function logOut() {
  await ask("/sessions", { method: "DELETE", auth: true, cookie: true }).finally(() => {
    dropSession();
    const places = Object.keys(localStorage).filter((name) => name.startsWith("queue:"));
    places.forEach((name) => localStorage.removeItem(name));
  });
  await showScreen();
}

/**
 * The forms to log in and to sign up, of which one is shown.
 * @param {() => void} onDone
 */
function makeForms(onDone) {
  const box = h("section", { class: "panel log-in" });
  const show = (/** @type {boolean} */ isNew) => {
    const other = h("button", { type: "button", class: "link", click: () => show(!isNew) },
      t(isNew ? "account.has_one" : "account.has_none"));
    box.replaceChildren(h("h2", {}, t(isNew ? "account.sign_up" : "account.log_in")), makeForm(isNew, onDone), other);
    box.querySelector("input")?.focus();
  };
  show(false);
  return box;
}

/** @param {boolean} isNew @param {() => void} onDone */
function makeForm(isNew, onDone) {
  const button = h("button", { class: "primary wide" }, t(isNew ? "account.sign_up" : "account.log_in"));
  const form = h("form", { class: "fields", submit: (/** @type {Event} */ event) => {
    event.preventDefault();
    void act(button, () => send(form, isNew).then(onDone));
  } },
    isNew && field("name", { type: "text", autocomplete: "name", maxlength: 60, autofocus: true }),
    field("email", { type: "email", autocomplete: "username", inputmode: "email", autofocus: !isNew }),
    field("password", { type: "password", autocomplete: isNew ? "new-password" : "current-password" }),
    h("div", {}, button));
  return form;
}

/** @param {string} name @param {Record<string, unknown>} attributes */
function field(name, attributes) {
  const id = `account-${name}`;
  const input = h("input", { id, name, required: true, ...attributes });
  return h("p", {}, h("label", { for: id }, t(`account.${name}`)), input);
}

/** @param {HTMLFormElement} form @param {boolean} isNew */
async function send(form, isNew) {
  const data = new FormData(form);
  const [email, password] = [String(data.get("email")), String(data.get("password"))];
  if (isNew) {
    await ask("/users", { method: "POST", body: { email, password, name: String(data.get("name")) } });
  }
  await logIn(email, password);
  announce(t("account.welcome"));
}

/** Asks for a log-in over the page. @returns {Promise<boolean>} Whether there is a session now. */
export async function logInByDialog() {
  const { openDialog } = await import("./dialog.js");
  const dialog = h("dialog", { "aria-label": t("account.log_in") },
    h("form", { method: "dialog", class: "close" }, h("button", { class: "link" }, t("dialog.close"))),
    makeForms(() => dialog.close("done")));
  return (await openDialog(dialog)) === "done";
}
