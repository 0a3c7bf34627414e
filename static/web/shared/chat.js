// Messages to and from everybody in the room.

import { make } from "./dom.js";
import { word } from "./words.js";

/** @typedef {import("./room.js").Message} Message */

const LONGEST = 1000; // characters of one message

/**
 * @param {HTMLElement} body
 * @param {{room: {messages: Message[], ask: (wish: {type: "chat", text: string}) => void, read: () => void}}} call
 * @returns {import("./panel.js").View}
 */
export function open(body, { room }) {
  const log = make("div", { className: "log", role: "log", tabIndex: 0, "aria-label": word("chat.log") });
  const empty = make("p", { className: "hint", textContent: word("chat.empty") });
  const field = make("textarea", { id: "chat-text", rows: 2, maxLength: LONGEST });
  const send = make("button", { type: "submit", className: "primary", textContent: word("chat.send") });
  const form = make("form", {}, make("label", { htmlFor: field.id, textContent: word("chat.text") }), field, send);
  body.append(log, form);
  form.onsubmit = (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (text) room.ask({ type: "chat", text });
    field.value = "";
    field.focus();
  };
  field.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  };
  let last = 0;
  const render = () => {
    const news = room.messages.filter(({ n }) => n > last);
    if (news.length) last = news.at(-1).n;
    empty.remove();
    log.append(...news.map(line));
    if (!last) log.append(empty);
    if (news.length) log.scrollTop = log.scrollHeight;
  };
  render();
  room.read();
  return { render };
}

/** @param {Message} message */
function line({ from, own, text, at }) {
  const time = new Date(at);
  const clock = time.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  return make(
    "div",
    { className: own ? "message own" : "message" },
    make("p", { className: "hint" }, `${own ? word("chat.you") : from} · `, make("time", { dateTime: at, textContent: clock })),
    make("p", { className: "text", dir: "auto", textContent: text }),
  );
}
