// What is presented: somebody else's screen large and the customer small, or
// the other way round; the agent's own screen small. When it ends, everything
// is as it was.

import { say } from "../shared/dom.js";
import { show, watchFrames } from "../shared/picture.js";
import { word } from "../shared/words.js";

const at = (selector) => document.querySelector(selector);
const stage = at(".stage");
const slides = at("#presentation");
const customer = at("#customer");
const swap = at("#swap");
const own = at("#shared");

let moving = false; // the slides
let front = true; // the slides are the large picture
let session = null;

/** Whether somebody else's screen may be shown. */
const isExpected = () => Boolean(session?.sharing.state.other) && !session.state.hidden;

/** Whether it is. */
const isPresented = () => moving && isExpected();

/** Whether somebody else's screen is the large picture. */
export const isInFront = () => isPresented() && front;

/**
 * @param {import("./session.js").Session|null} current
 * @param {boolean} idle there is no call to show
 * @param {boolean} picture the customer's picture is on
 */
export function renderPresentation(current, idle, picture) {
  session = current;
  const presented = !idle && isPresented();
  if (!presented) front = true;
  slides.hidden = idle || !isExpected();
  slides.classList.toggle("shown", presented && front);
  swap.hidden = !presented || (front && !picture);
  say(swap.querySelector("span"), word(front ? "button.customer-large" : "button.slides-large"));
  show(swap.querySelector("video"), presented ? trackOf(front ? customer : slides) : null);
  own.hidden = idle || !session?.sharing.screen;
  show(own.querySelector("video"), session?.sharing.screen ?? null);
  say(own.querySelector("figcaption"), word(session?.sharing.track ? "sharing.on" : "sharing.starting"));
}

/** @param {HTMLVideoElement} video */
function trackOf(video) {
  return video.srcObject?.getTracks()[0] ?? null;
}

/**
 * Lets the pictures be swapped.
 * @param {() => void} changed
 */
export function startPresentation(changed) {
  const turn = () => {
    front = !front;
    changed();
  };
  watchFrames(slides, (now) => {
    moving = now;
    changed();
  });
  swap.onclick = turn;
  stage.addEventListener("click", ({ target }) => {
    if (isPresented() && !target.closest("button, figure, a, #error, #pane")) turn();
  });
}

/** @param {MediaStreamTrack|null} track of whoever presents */
export function showSlides(track) {
  show(slides, track);
}

/**
 * What the agent is told when a share ends, not by himself.
 * @param {import("../shared/sharing.js").Ending} why
 * @param {string} [by] who presents now
 */
export function unshared(why, by = "") {
  return word(`sharing.${why}`).replace("#", by || word("people.name-none"));
}
