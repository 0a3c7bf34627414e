// Who is in the room, and what the agent may do about it.

import { make, say } from "../shared/dom.js";
import { word } from "../shared/words.js";

const SURE = 4000; // ms in which a removal must be confirmed

/**
 * @param {HTMLElement} body
 * @param {import("./session.js").Session} session
 * @returns {import("../shared/panel.js").View}
 */
export function open(body, { room }) {
  const list = make("ul", { className: "people" });
  const empty = make("p", { className: "hint", textContent: word("people.empty") });
  body.append(list, empty);
  let shown = "";
  const render = () => {
    const now = JSON.stringify(room.people);
    if (now === shown) return;
    shown = now;
    const focused = list.contains(document.activeElement) && document.activeElement.dataset.key;
    const waiting = room.people.filter((person) => person.waiting);
    const inside = room.people.filter((person) => !person.waiting);
    list.replaceChildren(...[...waiting, ...inside].map((person) => row(person, room)));
    empty.hidden = room.people.length > 0;
    if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  };
  render();
  return { render };
}

/** @param {import("./session.js").Person} person */
function row(person, room) {
  const name = nameOf(person);
  const facts = factsOf(person).map((key) => word(`people.${key}`));
  const actions = make("div", { className: "actions" });
  const act = (key, wish, className = "") => {
    const text = word(`people.do-${key}`);
    const button = make("button", { type: "button", className, textContent: text, "aria-label": `${text}: ${name}`, "data-key": `${key} ${person.id}` });
    button.onclick = () => wish(button, text);
    actions.append(button);
  };
  if (person.waiting) act("admit", () => room.ask({ type: "admit", who: person.id }), "primary");
  if (person.mutable) act(person.silenced ? "unmute" : "mute", () => room.ask({ type: "mute", who: person.id, on: !person.silenced }));
  if (person.removable) act("remove", (button, text) => confirm(button, text, () => room.ask({ type: "remove", who: person.id })));
  return make("li", {}, make("p", { className: "name", textContent: name }), make("p", { className: "hint", textContent: facts.join(" · ") }), actions);
}

/** Two kinds of legs are no people: they get a name that says what they are. */
function nameOf({ kind, name }) {
  if (kind === "phone" || kind === "playback") return word(`people.name-${kind}`);
  return name || word("people.name-none");
}

/** @param {import("./session.js").Person} person */
function factsOf(person) {
  const { kind, self, host, waiting, muted, cameraOff, sharing } = person;
  const facts = [];
  if (self) facts.push("self");
  if (kind === "agent" || kind === "customer") facts.push(kind);
  if (kind === "phone") facts.push("phone");
  if (kind === "guest") facts.push(host ? "host" : "guest");
  if (waiting) facts.push("wants-in");
  if (muted) facts.push("muted");
  if (cameraOff && !waiting) facts.push("camera-off");
  if (sharing) facts.push("sharing");
  return facts;
}

/** Asks once more, in the button itself. */
function confirm(button, text, then) {
  if (button.classList.contains("danger")) return then();
  const named = button.getAttribute("aria-label");
  const sure = word("people.sure");
  button.classList.add("danger");
  say(button, sure);
  button.setAttribute("aria-label", `${sure} ${named}`);
  setTimeout(() => {
    button.classList.remove("danger");
    say(button, text);
    button.setAttribute("aria-label", named);
  }, SURE);
}
