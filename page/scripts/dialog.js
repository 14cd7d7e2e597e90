/** Modal dialogs. They are loaded by the first press that needs one. */

import { h, t } from "./app.js";

/**
 * Opens a modal dialog over the page until it closes.
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>} The value that it was closed with; empty if it was dismissed.
 */
export function openDialog(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}

/**
 * Asks before something that cannot be undone.
 * @param {string} question
 * @param {string} yes The label of the button that does it.
 * @returns {Promise<boolean>}
 */
export async function confirmByDialog(question, yes) {
  const dialog = h("dialog", { "aria-labelledby": "question" },
    h("form", { method: "dialog", class: "stack" },
      h("p", { id: "question" }, question),
      h("div", { class: "row" },
        h("button", { value: "", autofocus: true }, t("dialog.no")),
        h("button", { value: "yes", class: "danger" }, yes))));
  return (await openDialog(dialog)) === "yes";
}
