/** The account: who is logged in and where, the password, and the proof of the address. */

import {
  Refusal, actionButton, announce, ask, dropSession, explain, fill, h, isLoggedIn, showScreen, t, timeTag,
} from "./app.js";

/** @import { LogIn, Screen, User } from "./types.js" */

/** Programs by what they call themselves. Many name others too, so the first that fits is the one. */
const BROWSERS = /** @type {[string, RegExp][]} */ ([
  ["Edge", /\bEdg(?:A|iOS)?\//], ["Opera", /\bOPR\//], ["Samsung Internet", /\bSamsungBrowser\//],
  ["Whale", /\bWhale\//], ["KakaoTalk", /\bKAKAOTALK\b/], ["Firefox", /\b(?:Firefox|FxiOS)\//],
  ["Chrome", /Chrome\/|\bCriOS\//], ["Safari", /\bSafari\//],
]);
const SYSTEMS = /** @type {[string, RegExp][]} */ ([
  ["iPhone", /\biPhone\b/], ["iPad", /\biPad\b/], ["Android", /\bAndroid\b/], ["Windows", /\bWindows NT\b/],
  ["ChromeOS", /\bCrOS\b/], ["macOS", /\bMac OS X\b/], ["Linux", /\bLinux\b/],
]);

/** @type {Screen} */
export default async function showAccount({ signal }) {
  if (!isLoggedIn()) {
    const { showLogIn } = await import("./log-in.js");
    signal.throwIfAborted();
    showLogIn();
    return;
  }
  const logIns = makeLogIns(signal);
  const [{ body: user }] = await Promise.all([ask("/users/me", { auth: true, signal }), logIns.begin()]);
  fill(t("account.title"),
    whoPart(user),
    h("ul", { class: "tiles plain" },
      tile("/app/tickets", "nav.tickets"), tile("/app/orders", "orders.title"), tile("/app/wallet", "wallet.title")),
    h("div", { class: "columns" }, passwordPart(user, logIns.load), logIns.part),
    dataPart(user));
}

/** @param {string} path @param {string} key */
const tile = (path, key) => h("li", {}, h("a", { class: "panel", href: path }, t(key)));

/** @param {User} user */
function whoPart(user) {
  const roles = [...new Set(user.roles.map(({ role }) => role))];
  return h("section", { class: "panel" },
    h("div", { class: "row" },
      h("div", {}, h("h2", {}, h("bdi", {}, user.name)), h("p", { class: "muted" }, user.email)),
      h("div", {}, actionButton(t("account.log_out"), "", logOut))),
    roles.length > 0 && h("ul", { class: "plain chips", "aria-label": t("account.roles") },
      ...roles.map((role) => h("li", { class: "state" }, t(`role.${role}`)))),
    user.address_proven === false && proofPart(user));
}

/** @param {User} user */
function proofPart({ email }) {
  const part = h("div", { class: "stack" },
    h("p", { class: "note warn" }, t("prove.missing")),
    h("div", {}, actionButton(t("prove.send"), "", async () => {
      await ask("/users/me/address-proof", { method: "POST", auth: true });
      const sent = h("p", { class: "note good", tabindex: -1 }, t("prove.sent", { email }));
      part.replaceChildren(sent);
      sent.focus();
    })));
  return part;
}

/** @param {User} user @param {() => Promise<void>} reload Shows the log-ins anew. */
function passwordPart({ email }, reload) {
  const part = h("section", { class: "panel first" }, h("h2", {}, t("password.title")));
  // Forms are loaded when somebody wants this one.
  const open = actionButton(t("password.change"), "", async () => {
    const form = await makePasswordForm(email, reload);
    open.parentElement?.replaceWith(form);
    /** @type {HTMLElement | null} */ (form.querySelector("input:not([hidden])"))?.focus();
  });
  part.append(h("div", {}, open));
  return part;
}

/** What is kept of the user, and the end of the account. @param {User} user */
function dataPart({ email }) {
  const part = h("section", { class: "panel" }, h("h2", {}, t("data.title")));
  const open = actionButton(t("data.erase"), "danger", async () => {
    const { makeEraseForm } = await import("./my-data.js");
    const form = makeEraseForm(email, forget);
    open.replaceWith(form);
    /** @type {HTMLElement | null} */ (form.querySelector("input:not([hidden])"))?.focus();
  });
  const download = actionButton(t("data.download"), "", async () => {
    const { downloadData } = await import("./my-data.js");
    await downloadData();
    announce(t("data.downloaded"));
  });
  part.append(h("p", { class: "muted" }, t("data.lead")), h("div", {}, download),
    h("p", { class: "muted" }, t("data.erase_lead")), h("div", {}, open));
  return part;
}

/** @param {string} email @param {() => Promise<void>} reload */
async function makePasswordForm(email, reload) {
  const { field, makeForm, newPasswordField, passwordSwitch } = await import("./log-in.js");
  const done = h("p", { class: "note good", tabindex: -1 }, t("password.changed"));
  const change = async (/** @type {Record<string, string>} */ body) => {
    await sendPassword(body);
    form.replaceWith(done);
    done.focus();
    // The password is changed, whether or not the list can be shown.
    await reload().catch(() => undefined);
  };
  const form = makeForm(t("password.change"), change, { "bad-credentials": ["password", t("password.wrong")] },
    // For password managers: whose password this is. The log-in in place may stand over this form: ids differ.
    h("input", { hidden: true, autocomplete: "username", value: email }),
    field("password", { id: "present-password", type: "password", autocomplete: "current-password" },
      t("password.present")),
    newPasswordField("new_password"), passwordSwitch());
  return form;
}

/** @param {Record<string, string>} body */
const sendPassword = (body) => ask("/users/me/password", { method: "PUT", auth: true, body }).catch((problem) => {
  // An answer that got lost may have been a success: then the new password is the present one.
  if (problem instanceof Refusal && problem.code === "bad-credentials" && problem.afterLoss) {
    return ask("/users/me/password", { method: "PUT", auth: true, body: { ...body, password: body.new_password } });
  }
  throw problem;
});

/** Ends this session. This device forgets it even if the server cannot be told. */
async function logOut() {
  await ask("/sessions", { method: "DELETE", auth: true, cookie: true }).finally(forget);
  await showScreen();
}

/** Forgets the session and the places in queues. */
function forget() {
  dropSession();
  const places = Object.keys(localStorage).filter((name) => name.startsWith("queue:"));
  places.forEach((name) => localStorage.removeItem(name));
}

// Log-ins

/** The list of log-ins. @param {AbortSignal} signal */
function makeLogIns(signal) {
  const heading = h("h2", { tabindex: -1 }, t("log_ins.title"));
  const list = h("ul", { class: "plain lines" });
  let query = "";
  const load = async () => {
    const { body } = await ask(`/users/me/sessions${query}`, { auth: true, signal });
    const rows = body.items.map((/** @type {LogIn} */ logIn) => logInRow(logIn, heading));
    list.replaceChildren(...(query ? list.children : []), ...rows);
    query = body.next ? `?cursor=${encodeURIComponent(body.next)}` : "";
    more.hidden = !query;
    more.textContent = t("list.more");
  };
  const more = actionButton(t("shell.again"), "", load);
  const reload = () => {
    query = "";
    return load();
  };
  /** The first load. Without the list the rest of the screen is of use, so a failure is told in its place. */
  const begin = () => load().catch((problem) => {
    signal.throwIfAborted();
    if (problem instanceof Refusal && problem.needsLogIn) {
      throw problem;
    }
    more.after(h("p", { class: "note bad refusal", role: "alert" }, explain(problem)));
  });
  const part = h("section", { class: "panel" }, heading, list, h("div", {}, more),
    h("p", { class: "muted" }, t("log_ins.note")),
    h("div", {}, actionButton(t("log_ins.end_all"), "danger", endAll)));
  return { part, begin, load: reload };
}

/** @param {LogIn} logIn @param {HTMLElement} heading Where the keyboard goes on once the row is gone. */
function logInRow({ session_id: id, current, began_at: began, refreshed_at: refreshed, source, agent }, heading) {
  const name = nameProgram(agent) || t("log_ins.unknown");
  const end = actionButton(t("log_ins.end"), "", async () => {
    const { confirmByDialog } = await import("./dialog.js");
    if (await confirmByDialog(t("log_ins.end_question", { name }), t("log_ins.end"))) {
      await ask(`/users/me/sessions/${id}`, { method: "DELETE", auth: true });
      row.remove();
      heading.focus();
      announce(t("log_ins.ended"));
    }
  });
  end.id = `end-${id}`;
  end.setAttribute("aria-labelledby", `end-${id} program-${id} began-${id}`);
  const row = h("li", { class: "log-in-row", "data-session-id": id },
    h("div", { class: "log-in-head" },
      h("p", {}, h("b", { id: `program-${id}` }, h("bdi", {}, name)), " ",
        current && h("span", { class: "state", "data-state": "paid" }, t("log_ins.this"))),
      // This one ends by the button to log out.
      !current && h("div", {}, end)),
    h("p", { class: "muted", id: `began-${id}` }, t("log_ins.began"), " ", timeTag(began)),
    !current && h("p", { class: "muted" }, t("log_ins.seen"), " ", timeTag(refreshed)),
    h("p", { class: "muted" }, t("log_ins.from"), " ", h("bdi", {}, source)));
  return row;
}

/** A program in words: "Chrome on Windows"; what it calls itself if that is not known. @param {string} agent */
function nameProgram(agent) {
  const find = (/** @type {[string, RegExp][]} */ known) => known.find(([, pattern]) => pattern.test(agent))?.[0];
  const [browser, system] = [find(BROWSERS), find(SYSTEMS)];
  return browser && system ? t("log_ins.program", { browser, system }) : browser ?? agent;
}

/** Ends all log-ins after a question, this one as well. */
async function endAll() {
  const [{ confirmByDialog }, { showLogIn }] = await Promise.all([import("./dialog.js"), import("./log-in.js")]);
  if (await confirmByDialog(t("log_ins.end_all_question"), t("log_ins.end_all"))) {
    await ask("/users/me/sessions", { method: "DELETE", auth: true, cookie: true });
    forget();
    showLogIn(h("p", { class: "note good" }, t("log_ins.all_ended")));
    announce(t("log_ins.all_ended"));
  }
}
