// The agent's own picture, and under it, always, what the customer sees. It
// can stand in any corner: dragged there, moved by its button, or by keys.

import { draw, say } from "../shared/dom.js";
import { show } from "../shared/picture.js";
import { word } from "../shared/words.js";
import { choices, choose } from "./choices.js";

const figure = document.querySelector("#self");
const video = figure.querySelector("video");
const over = document.querySelector(".over");

/** What the call's own state says where the camera is not the reason. */
const HELD_BACK = ["not-recorded", "recording-paused"];

/**
 * @param {import("./session.js").Session|null} session
 * @param {boolean} hidden
 * @param {boolean} blind whether the server does not know the state of the call
 */
export function renderSelf(session, hidden, blind) {
  figure.hidden = hidden;
  if (hidden) return;
  const { camera } = session;
  show(video, camera.track);
  const caption = chooseCaption(session, blind);
  sayCaption(word(`caption.${caption}`));
  figure.dataset.caption = caption;
  figure.classList.toggle("dark-tile", !camera.live);
  place();
}

/** What the customer sees of the agent, in one key of the words. */
function chooseCaption({ status, state, camera }, blind) {
  if (status === "On hold") return "held";
  if (camera.trouble) return camera.state;
  if (!camera.wish) return "off";
  if (!camera.live) return "starting";
  if (status === "Reconnecting") return "reconnecting";
  if (blind) return "blind";
  if (HELD_BACK.includes(state.why)) return state.why;
  const seen = state.confirmed && status !== "Connecting" && state.pane !== "away";
  return seen ? "sending" : "not-yet";
}

/** @param {string} text in parts, each kept on a line of its own where lines are short */
function sayCaption(text) {
  const caption = figure.querySelector("figcaption p");
  if (caption.textContent === text) return;
  const parts = text.split(/(?<= · )/);
  caption.replaceChildren(...parts.map((part) => Object.assign(document.createElement("span"), { textContent: part })));
}

/** Shows the choices that concern the tile. */
export function place() {
  const [across, up] = choices.corner.split(" ");
  over.classList.toggle("self-top", up === "top");
  over.classList.toggle("self-start", across === "start");
  video.classList.toggle("mirrored", choices.mirrored);
  figure.classList.toggle("caption-only", choices.selfHidden);
  const button = figure.querySelector("#self-hide");
  say(button.querySelector("span"), word(choices.selfHidden ? "button.self-show" : "button.self-hide"));
  button.title = button.textContent.trim();
  draw(button, choices.selfHidden ? "eye-off" : "eye");
}

/** @param {boolean} start @param {boolean} top */
function moveTo(start, top) {
  choose({ corner: `${start ? "start" : "end"} ${top ? "top" : "bottom"}` });
  place();
}

const isStart = () => choices.corner.startsWith("start");
const isTop = () => choices.corner.endsWith("top");
const rightToLeft = () => document.documentElement.dir === "rtl";

// Around the four corners, for those who click rather than drag.
function moveOn() {
  const next = { "end bottom": [false, true], "end top": [true, true], "start top": [true, false], "start bottom": [false, false] };
  moveTo(...(next[choices.corner] ?? [false, false]));
}

/** @param {KeyboardEvent} event */
function moveByKey(event) {
  const to = {
    ArrowUp: [isStart(), true],
    ArrowDown: [isStart(), false],
    ArrowLeft: [!rightToLeft(), isTop()],
    ArrowRight: [rightToLeft(), isTop()],
  }[event.key];
  if (!to) return;
  event.preventDefault();
  moveTo(...to);
}

/** @param {PointerEvent} event */
function drag(event) {
  if (event.button || event.target.closest("button")) return;
  const from = { x: event.clientX, y: event.clientY };
  figure.setPointerCapture(event.pointerId);
  figure.onpointermove = ({ clientX, clientY }) => {
    figure.classList.add("dragged");
    figure.style.transform = `translate(${clientX - from.x}px, ${clientY - from.y}px)`;
  };
  figure.onpointerup = figure.onpointercancel = (last) => {
    figure.onpointermove = figure.onpointerup = figure.onpointercancel = null;
    figure.classList.remove("dragged");
    figure.style.transform = "";
    if (last.type === "pointerup") drop(last.clientX - from.x, last.clientY - from.y);
  };
}

/** Puts the tile into the corner that it was moved nearest to. */
function drop(dx, dy) {
  if (Math.hypot(dx, dy) < 12) return;
  const stage = over.getBoundingClientRect();
  const tile = figure.getBoundingClientRect();
  const left = tile.left + dx + tile.width / 2 < stage.left + stage.width / 2;
  moveTo(left !== rightToLeft(), tile.top + dy + tile.height / 2 < stage.top + stage.height / 2);
}

figure.addEventListener("pointerdown", drag);
figure.querySelector("#self-move").onclick = moveOn;
figure.querySelector("#self-move").onkeydown = moveByKey;
figure.querySelector("#self-hide").onclick = () => {
  choose({ selfHidden: !choices.selfHidden });
  place();
};
