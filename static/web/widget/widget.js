// The agent's page: shows what Session knows. Opens no connection itself.

import { draw, say } from "../shared/dom.js";
import * as panel from "../shared/panel.js";
import { fitPicture, show, watchFrames } from "../shared/picture.js";
import { word } from "../shared/words.js";
import { followDesktop } from "./lifecycle.js";
import * as popout from "./popout.js";
import { isInFront, renderPresentation, showSlides, startPresentation, unshared } from "./presentation.js";
import { renderSelf } from "./selfview.js";
import { started } from "./start.js";
import { renderToolbar, startToolbar } from "./toolbar.js";

const SLOW = 20000; // ms that a step may take before the page offers a way out
const TOAST = 6000;

const IDLE = ["Signing in", "Call ended", "No active call"]; // no picture either way
const COVERING = ["ringing", "elsewhere", "ended", "none"]; // panes never shown beside a picture
const BANNERS = {
  held: "hold",
  "on-hold": "hold",
  consulting: "hold",
  consulted: "hold",
  "not-recorded": "hold",
  "recording-paused": "hold",
  blind: "danger",
  "sign-in-ended": "danger",
};
const HELD_BACK = ["not-recorded", "recording-paused"]; // why the customer may not see the agent yet
const ICONS = {
  ringing: "phone",
  dialling: "phone",
  held: "pause",
  "on-hold": "pause",
  consulting: "pause",
  consulted: "pause",
  away: "camera-off",
  elsewhere: "window",
  blind: "alert",
  "in-call": "camera",
  waiting: "camera",
  ended: "check",
  "call-ended": "check",
  popped: "popout",
  none: "phone",
  "no-active-call": "phone",
};

const page = document.body.dataset;
const at = (selector) => document.querySelector(selector);
const customer = at("#customer");

/** @type {import("./session.js").Session|null} */
let session = null;
let moving = false;
let wasDark = false;
let toast = "";
let toastTimer = 0;
let waiting = 0; // people whom the agent was told of
let written = 0; // messages that the agent was told of
let dismissed = "";
let paneKey = "";
let slowTimer = 0;
let retryTimer = 0;
/** @type {typeof import("./renewal.js")|null} */
let renewal = null; // once a sign-in is to be renewed

function render() {
  const status = session?.status ?? page.status;
  const state = session?.state ?? { status, pane: page.pane };
  const error = state.error ?? null;
  const stuck = error && status === "Connecting";
  const idle = IDLE.includes(status) || COVERING.includes(state.pane) || stuck;
  const picture = moving && !idle && !state.hidden;
  const here = picture && !popout.isOut();
  const key = picture && !here ? "popped" : choosePane(status, state);
  const banner = chooseBanner(state, picture, key);

  renderStatus(status);
  renderRecording(idle ? "" : state.recording);
  renderPresentation(session, idle, here);
  const covered = isInFront() && !idle;
  customer.classList.toggle("shown", here && !covered);
  renderPane(key, !here && !covered && !error);
  renderBanner(error ? "" : banner);
  renderRenewal(state.signIn);
  renderError(error, here || covered);
  renderSelf(session, idle || !session, isBlind(state));
  renderToolbar(session, { idle, picture });
  renderUnread();
  renderNotice(state, idle);
  panel.render();
}

/** @param {string|undefined} signIn how it stands, by the server */
function renderRenewal(signIn) {
  at("#renew").hidden = signIn !== "ended";
  if (!signIn) renewal?.end();
}

/** @param {string} url where the sign-in can be renewed */
async function renew(url) {
  renewal ??= await import("./renewal.js");
  renewal.renewSilently(url);
}

// Where the server has been replaced meanwhile, its page is as well.
async function signInAgain() {
  try {
    renewal ??= await import("./renewal.js");
  } catch {
    return location.reload();
  }
  return renewal.signInAgain(session);
}

/** What is said above the picture, in one key of the panes. */
function chooseBanner(state, picture, key) {
  if (state.signIn === "ended") return "sign-in-ended";
  if (isBlind(state)) return "blind";
  if (HELD_BACK.includes(state.why)) return state.why;
  return picture ? key : "";
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

/** @param {"active"|"paused"|"none"|undefined|""} recording of the call, by Genesys */
function renderRecording(recording) {
  const chip = at("#recording");
  chip.dataset.recording = recording ?? "";
  say(chip, recording ? word(`recording.${recording}`) : "");
}

function renderUnread() {
  const unread = session?.room.unread ?? 0;
  if (unread && panel.opened() === "chat") return session.room.read();
  panel.mark("chat", unread, "chat.unread");
  if (unread > written) tell(word("chat.new").replace("#", session.room.unreadFrom));
  written = unread;
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
  clearTimeout(retryTimer);
  if (error?.wait) retryTimer = setTimeout(retry, error.wait * 1000);
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

function renderNotice(state, idle) {
  celebrate(state);
  announce();
  const notice = state.notice && !isBlind(state) ? word(`notice.${state.notice}`) : "";
  const text = notice || toast || (idle ? "" : cameraHelp(session?.camera));
  if (text !== dismissed) dismissed = "";
  at("#notice").hidden = !text || text === dismissed;
  say(at("#notice p"), text);
}

/** What to do about the camera, if anything. */
function cameraHelp(camera) {
  if (camera?.trouble) return word(`help.${camera.state}`);
  if (!camera?.live || !camera.lost) return "";
  return word("help.replaced").replace("#1", camera.lost.label).replace("#2", camera.track.label);
}

// After a hold, or when the call can be followed again, the agent is told once: when the room has confirmed it.
function celebrate(state) {
  if (state.status !== "In call") toast = toast === word("notice.restored") ? "" : toast;
  if (state.status === "On hold" || isBlind(state)) wasDark = true;
  if (!wasDark || state.status !== "In call" || !state.confirmed || !session.camera.live) return;
  wasDark = false;
  tell(word("notice.restored"));
}

/** Says who wants to be let in. */
function announce() {
  const all = session?.room.people.filter((person) => person.waiting) ?? [];
  if (all.length > waiting) tell(word("notice.waiting").replace("#", all.at(-1).name));
  waiting = all.length;
}

/** @param {string} text a short notice */
function tell(text) {
  toast = text;
  dismissed = "";
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    toast = "";
    render();
  }, TOAST);
  queueMicrotask(render);
}

// What went wrong before the session was opened begins anew with the page; so does a sign-in, which the page leaves for.
function retry() {
  if (session.opened && session.state.error?.code !== "sign-in") session.retry();
  else location.reload();
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
  session = await started;
  session.shows({
    changed: render,
    customer: (track) => show(customer, track),
    slides: showSlides,
    unshared: (why) => tell(unshared(why, session.sharing.state.by)),
    refused: () => tell(word("notice.refused")),
    renew,
  });
  followDesktop(page.appsOrigin, () => session.stop());
}

watchFrames(customer, (now) => {
  moving = now;
  render();
});
fitPicture(customer);
startPresentation(render);
popout.follow(customer, render);
startToolbar(() => session, tell);
at("#renew").onclick = signInAgain;
at("#take").onclick = () => session?.take();
at("#reload").onclick = () => location.reload();
at("#notice button").onclick = dismiss;

start();
