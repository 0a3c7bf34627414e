// The agent's page: shows what Session knows. Opens no connection itself.

import { fitPicture, show, watchFrames } from "../shared/picture.js";
import { word } from "../shared/words.js";
import { followDesktop } from "./lifecycle.js";
import { Session } from "./session.js";
import { leaveForSignIn, proveSignIn } from "./signin.js";

const SLOW = 20000; // ms that a step may take before the page offers a way out
const TOAST = 6000;

const IDLE = ["Signing in", "Call ended", "No active call"]; // no picture either way
const COVERING = ["ringing", "elsewhere", "ended", "none", "no-alias"]; // panes never shown beside a picture
const BANNERS = { held: "hold", "on-hold": "hold", consulting: "hold", consulted: "hold", blind: "danger" };
const ICONS = {
  ringing: "phone",
  held: "pause",
  "on-hold": "pause",
  consulting: "pause",
  consulted: "pause",
  away: "camera-off",
  elsewhere: "window",
  blind: "alert",
  "no-alias": "camera-off",
  "in-call": "camera",
  waiting: "camera",
  ended: "check",
  "call-ended": "check",
  none: "phone",
  "no-active-call": "phone",
};

const page = document.body.dataset;
const query = new URLSearchParams(location.search);
const at = (selector) => document.querySelector(selector);
const customer = at("#customer");
const self = at("#self video");

/** @type {Session|null} */
let session = null;
let pageError = null; // an error from before there was a session
let moving = false;
let wasHeld = false;
let toast = "";
let dismissed = "";
let paneKey = "";
let slowTimer = 0;

/** @param {Element} element @param {string} text written only when it differs: live regions repeat what is written */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} scope @param {string} name of the icon its svg shows */
function draw(scope, name) {
  scope.querySelector("use").setAttribute("href", `#i-${name}`);
}

function render() {
  const status = session?.status ?? page.status;
  const state = session?.state ?? { status, pane: page.pane };
  const error = pageError ?? state.error ?? null;
  const stuck = error && status === "Connecting";
  const idle = IDLE.includes(status) || COVERING.includes(state.pane) || stuck;
  const picture = moving && !idle && !state.hidden;
  const key = choosePane(status, state);
  const banner = isBlind(state) ? "blind" : picture ? key : "";

  renderStatus(status);
  customer.classList.toggle("shown", picture);
  renderPane(key, !picture && !error);
  renderBanner(error ? "" : banner);
  renderError(error, picture);
  renderCamera(status, state, idle || !session);
  renderNotice(state, idle);
}

/**
 * The pane that says why there is no picture: the server's choice, or the step
 * being taken, or the status itself.
 */
function choosePane(status, state) {
  const slug = status.toLowerCase().replaceAll(" ", "-");
  const wanted = status === state.status ? [state.pane, state.step, slug] : [slug];
  return wanted.find((key) => key && word(`pane.${key}.title`)) ?? "connecting";
}

function renderStatus(status) {
  const chip = at("#status");
  say(chip, word(`status.${status}`) || status);
  chip.dataset.status = status;
}

function renderPane(key, visible) {
  const pane = at("#pane");
  pane.hidden = !visible;
  const busy = !(key in ICONS);
  pane.classList.toggle("busy", busy);
  draw(pane, ICONS[key] ?? "wait");
  say(pane.querySelector("h2"), word(`pane.${key}.title`));
  say(pane.querySelector("p"), word(`pane.${key}.text`));
  at("#take").hidden = key !== "elsewhere";
  if (key === paneKey) return;
  paneKey = key;
  clearTimeout(slowTimer);
  at(".slow").hidden = true;
  if (busy) slowTimer = setTimeout(() => (at(".slow").hidden = false), SLOW);
}

function renderBanner(key) {
  const banner = at("#banner");
  const kind = BANNERS[key] ?? "";
  banner.className = kind;
  say(banner, kind && `${word(`pane.${key}.title`)}. ${word(`pane.${key}.text`)}`);
}

/** Whether the server does not know the state of the call. */
function isBlind({ notice, pane }) {
  return notice === "blind" || pane === "blind";
}

function renderError(error, picture) {
  const box = at("#error");
  const text = error && [localise(error, "message"), localise(error, "next"), error.code].join("\n");
  box.classList.toggle("card", Boolean(picture));
  if (box.dataset.text === (text ?? "")) return;
  box.dataset.text = text ?? "";
  box.replaceChildren();
  if (!error) return;
  box.append(at("#error-parts").content.cloneNode(true));
  say(box.querySelector("h2"), localise(error, "message"));
  say(box.querySelector("p"), localise(error, "next"));
  const button = box.querySelector("button");
  button.hidden = !error.retry;
  button.onclick = retry;
}

/** @param {{code: string}} error @param {"message"|"next"} part our words for an error of this page, else the server's */
function localise(error, part) {
  return word(`error.${error.code}.${part}`) || error[part] || "";
}

function renderCamera(status, state, hidden) {
  at("#self").hidden = hidden;
  at("#camera").hidden = hidden;
  if (hidden) return;
  const { camera, wish } = session;
  show(self, camera.track);
  const caption = chooseCaption(status, state, camera.state, wish);
  sayCaption(word(`caption.${caption}`));
  at("#self").dataset.caption = caption;
  at("#self").classList.toggle("dark-tile", camera.state !== "live");
  const on = wish && !camera.trouble;
  say(at("#camera span"), word(on ? "button.camera-off" : "button.camera-on"));
  draw(at("#camera"), on ? "camera" : "camera-off");
  at("#camera").classList.toggle("off", !on);
}

/** @param {string} text in parts, each kept on a line of its own where lines are short */
function sayCaption(text) {
  const caption = at("#self figcaption p");
  if (caption.textContent === text) return;
  const parts = text.split(/(?<= · )/);
  caption.replaceChildren(...parts.map((part) => Object.assign(document.createElement("span"), { textContent: part })));
}

/** What the customer sees of the agent, in one key of the words. */
function chooseCaption(status, state, camera, wish) {
  if (status === "On hold") return "held";
  if (session.camera.trouble) return camera;
  if (!wish) return "off";
  if (camera !== "live") return "starting";
  if (status === "Reconnecting") return "reconnecting";
  if (isBlind(state)) return "blind";
  return state.sending ? "sending" : "not-yet";
}

function renderNotice(state, idle) {
  celebrate(state);
  const camera = session?.camera;
  const help = camera?.trouble && !idle ? word(`help.${camera.state}`) : "";
  const notice = isBlind(state) ? "" : state.notice;
  const text = notice || (state.sending && toast) || help;
  if (text !== dismissed) dismissed = "";
  at("#notice").hidden = !text || text === dismissed;
  say(at("#notice p"), text);
}

// After a hold the agent is told once, when the server has confirmed it.
function celebrate(state) {
  if (state.status === "On hold") wasHeld = true;
  if (!wasHeld || state.status !== "In call" || !state.sending || session.camera.state !== "live") return;
  wasHeld = false;
  toast = word("notice.restored");
  setTimeout(() => {
    toast = "";
    render();
  }, TOAST);
}

// A sign-in that has ended is renewed by loading the page, which leaves for it.
function retry() {
  if (session && session.state.error?.code !== "sign-in") session.retry();
  else location.reload();
}

function toggleCamera() {
  session?.setCamera(!(session.wish && !session.camera.trouble));
}

function dismiss() {
  dismissed = at("#notice p").textContent;
  toast = "";
  render();
}

// The address of the sign-in's return carries a spent code; a reload must not.
function tidyAddress() {
  if (!page.url) return;
  const { pathname, search } = new URL(page.url, location.href);
  history.replaceState(null, "", pathname + search);
}

async function start() {
  tidyAddress();
  if (page.errorMessage) {
    const { errorCode: code, errorMessage: message, errorNext: next, errorRetry } = page;
    pageError = { code, message, next, retry: Boolean(errorRetry) };
    return render();
  }
  if (page.signin) return leaveForSignIn(page.signin, page.nonce);
  const ticket = page.proof ? await proveSignIn(query) : "";
  const { conversation, socket, media, pane } = page;
  const status = page.status === "Signing in" ? "Connecting" : page.status;
  session = new Session({ conversation, socket, media, ticket, status, pane }, {
    changed: render,
    customer: (track) => show(customer, track),
  });
  followDesktop(page.appsOrigin, () => session.stop());
  session.open();
  render();
}

watchFrames(customer, (now) => {
  moving = now;
  render();
});
fitPicture(customer);
at("#camera").onclick = toggleCamera;
at("#take").onclick = () => session?.take();
at("#reload").onclick = () => location.reload();
at("#notice button").onclick = dismiss;

start().catch((err) => {
  const refused = typeof err.code === "string"; // by the server, in its own words
  pageError = refused ? { ...err, message: err.message, retry: true } : { code: "page-signin", retry: true };
  render();
});
