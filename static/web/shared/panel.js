// The panel beside or below the picture: one view at a time, its module loaded
// when it is first wanted.

import { say } from "./dom.js";
import { word } from "./words.js";

/**
 * @typedef {object} View what a module's open returns
 * @property {() => void} [render] called after each change of the session
 * @property {() => void} [close]
 */

/** @typedef {Record<string, () => Promise<{open: (body: HTMLElement, about: any) => View}>>} Modules */

const panel = document.querySelector("#panel");
const body = panel.querySelector(".body");

/** @type {Modules} */
let modules = {};
let name = ""; // of the open view
/** @type {View|null} */
let view = null;

/**
 * Makes the views' buttons work; each has the view's name for its ID.
 * @param {Modules} all by name
 * @param {() => any} about what the views show
 */
export function offer(all, about) {
  modules = all;
  for (const key of Object.keys(all)) document.getElementById(key).onclick = () => toggle(key, about());
}

/** The view that is open, "" if none is. */
export const opened = () => name;

/**
 * Opens a view, or closes it if it is open.
 * @param {string} wanted
 * @param {any} about what it shows
 */
async function toggle(wanted, about) {
  if (name === wanted) return close();
  drop();
  name = wanted;
  press();
  panel.hidden = false;
  panel.dataset.view = name;
  say(panel.querySelector("h2"), word(`button.${name}`));
  const { open } = await modules[wanted]();
  if (name !== wanted) return; // another was chosen meanwhile
  view = open(body, about);
  panel.querySelector("h2").focus();
}

/** Closes the panel; the focus goes back to the button that opened it. */
export function close() {
  const opener = name && document.getElementById(name);
  drop();
  panel.hidden = true;
  press();
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

function press() {
  for (const key of Object.keys(modules)) document.getElementById(key).setAttribute("aria-expanded", String(key === name));
}

/**
 * A number on a view's button, and what it counts for those who hear it.
 * @param {string} id of the button
 * @param {number} count
 * @param {string} key of the words, with # for the number
 */
export function mark(id, count, key) {
  const badge = document.getElementById(`${id}-mark`);
  badge.hidden = !count;
  say(badge, count ? String(count) : "");
  say(document.getElementById(`${id}-count`), count ? word(key).replace("#", count) : "");
}

panel.querySelector(".head button").onclick = close;
addEventListener("keydown", ({ key }) => key === "Escape" && name && close());
