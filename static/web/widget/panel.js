// The panel beside or below the picture: one view at a time, its module loaded
// when it is first wanted.

import { say } from "../shared/dom.js";
import { word } from "../shared/words.js";

/**
 * @typedef {object} View what a module's open returns
 * @property {() => void} [render] called after each change of the session
 * @property {() => void} [close]
 */

const MODULES = {
  people: () => import("./people.js"),
  chat: () => import("./chat.js"),
  statistics: () => import("./statistics.js"),
  settings: () => import("./settings.js"),
};

const panel = document.querySelector("#panel");
const body = panel.querySelector(".body");

let name = ""; // of the open view
/** @type {View|null} */
let view = null;

/** The view that is open, "" if none is. */
export const opened = () => name;

/**
 * Opens a view, or closes it if it is open.
 * @param {keyof typeof MODULES} wanted
 * @param {import("./session.js").Session} session
 */
export async function toggle(wanted, session) {
  if (name === wanted) return close();
  drop();
  name = wanted;
  mark();
  panel.hidden = false;
  panel.dataset.view = name;
  say(panel.querySelector("h2"), word(`button.${name}`));
  const { open } = await MODULES[wanted]();
  if (name !== wanted) return; // another was chosen meanwhile
  view = open(body, session);
  panel.querySelector("h2").focus();
}

/** Closes the panel; the focus goes back to the button that opened it. */
export function close() {
  const opener = name && document.getElementById(name);
  drop();
  panel.hidden = true;
  mark();
  if (opener && !opener.hidden) opener.focus();
}

/** Shows what has changed. */
export function render() {
  view?.render?.();
}

function drop() {
  view?.close?.();
  view = null;
  name = "";
  body.replaceChildren();
}

function mark() {
  for (const key of Object.keys(MODULES)) document.getElementById(key).setAttribute("aria-expanded", String(key === name));
}

panel.querySelector(".head button").onclick = close;
addEventListener("keydown", ({ key }) => key === "Escape" && name && close());
