/** A user's data as a file, and the form that erases the account. Loaded once somebody wants one of them. */

import { announce, ask, h, t } from "./app.js";
import { confirmByDialog } from "./dialog.js";
import { field, makeForm, showLogIn } from "./log-in.js";

/** Most pages of records: a hundred thousand records. */
const PAGES_MAX = 1000;

/** Reads all records, page by page, and hands them to the browser as a JSON file. */
export async function downloadData() {
  const records = await readRecords();
  const url = URL.createObjectURL(new Blob([JSON.stringify({ records }, null, 2)], { type: "application/json" }));
  h("a", { href: url, download: "my-data.json" }).click();
  URL.revokeObjectURL(url);
}

/** @returns {Promise<object[]>} */
async function readRecords() {
  /** @type {object[]} */
  const records = [];
  let query = "?limit=100";
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { body } = await ask(`/users/me/data${query}`, { auth: true });
    records.push(...body.items);
    if (!body.next) {
      break;
    }
    query = `?limit=100&cursor=${encodeURIComponent(body.next)}`;
  }
  return records;
}

/**
 * The form that erases the account: the password, and a question before it is sent.
 * @param {string} email @param {() => void} forget Forgets the session on this device.
 */
export function makeEraseForm(email, forget) {
  const erase = async (/** @type {Record<string, string>} */ body) => {
    if (!await confirmByDialog(t("data.erase_question", { email }), t("data.erase"))) {
      return;
    }
    await ask("/users/me", { method: "DELETE", auth: true, cookie: true, body });
    forget();
    showLogIn(h("p", { class: "note good" }, t("data.erased")));
    announce(t("data.erased"));
  };
  const form = makeForm(t("data.erase"), erase, { "bad-credentials": ["password", t("password.wrong")] },
    // For password managers: whose password this is.
    h("input", { hidden: true, autocomplete: "username", value: email }),
    field("password", { id: "erase-password", type: "password", autocomplete: "current-password" },
      t("password.present")));
  form.querySelector("button")?.classList.replace("primary", "danger");
  return form;
}
