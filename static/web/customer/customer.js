// The customer's page: shows what Visit knows. Opens no connection itself.

import { say } from "../shared/dom.js";
import * as panel from "../shared/panel.js";
import { fitPicture, show, watchFrames } from "../shared/picture.js";
import { word } from "../shared/words.js";
import { renderCall, startCall } from "./callview.js";
import { renderCheck, startCheck } from "./check.js";
import { askBoth } from "./permission.js";
import { Speaker } from "./speaker.js";
import { Visit } from "./visit.js";

const page = document.body.dataset;
const KEY = `videoleg-visit:${location.pathname}`;
const FAREWELL = 3000; // ms in which the end is read, before the inviter's page follows
const TOAST = 6000; // ms that a short notice stays
const at = (selector) => document.querySelector(selector);
const tile = at("#tile");
const self = tile.querySelector("video");
const agent = at("#agent");
const slides = at("#presentation");

/** @type {"setup"|"call"|"ended"} */
let view = "setup";
let asking = false;
let complaint = ""; // why Start video call did not start
let eager = false; // Start was pressed before the devices were there
let moving = false; // the agent's picture
let sliding = false; // what is presented
let silent = false; // the browser wants a click before it plays the voice
let left = false;
let ticket = ""; // with which a reload comes back
let toast = ""; // a short notice
let toastTimer = 0;
let unread = 0; // messages that the customer was told of

const visit = new Visit(page, { changed: render, track: receive, welcome: remember, unshared, refused: () => tell(word("notice.refused")) });
const speaker = new Speaker(at("#voice"), render);
const devices = { visit, speaker, chosen: () => remember(ticket) };

function render() {
  if (visit.over && view === "call") enter("ended");
  renderTile();
  renderError();
  renderCheck(visit, view === "setup", asking);
  if (view === "setup") say(at("#complaint"), complaint);
  if (view === "call") renderCall(visit, { moving, presented: sliding && Boolean(visit.sharing.state.other), silent, toast }, speaker);
  if (view === "call") announce();
}

/** Says who has written, while the chat is closed. */
function announce() {
  const { room } = visit;
  const news = room.unread > unread;
  unread = room.unread;
  if (news) tell(word("chat.new").replace("#", room.unreadFrom));
}

/** @param {"setup"|"call"|"ended"} next */
function enter(next) {
  view = next;
  at("#choose").open = false;
  if (next === "ended") panel.close();
  for (const name of ["setup", "call", "ended"]) at(`#${name}`).hidden = name !== next;
  document.body.classList.toggle("on-stage", next === "call");
  if (next !== "ended") at(`#${next} .tile-place`).append(tile);
  if (next !== "setup") at(`#${next}`).focus();
  if (next === "call") {
    self.play().catch(() => {});
    keepAwake();
  }
  if (next === "ended") renderEnded();
  if (next === "ended" && page.return && visit.state.pane !== "elsewhere") setTimeout(() => location.replace(page.return), FAREWELL);
}

function renderTile() {
  const { camera } = visit;
  show(self, camera.track);
  tile.classList.toggle("dark-tile", !camera.live);
  const starting = asking || camera.state === "starting";
  const none = camera.trouble ? "tile.no-camera" : "tile.camera-off";
  const text = camera.live ? "" : word(starting ? "tile.starting" : none);
  say(tile.querySelector("p"), asking && view === "setup" ? word("devices.asking") : text);
}

function renderEnded() {
  const how = visit.state.pane ?? (left ? "left" : "ended");
  say(at("#ended h2"), word(`visit.${how}.title`));
  say(at("#ended p"), word(`visit.${how}.text`));
  at("#again").hidden = how === "elsewhere"; // that would be a second call
}

function renderError() {
  const box = at("#error");
  const error = visit.state.error;
  if (!error || view === "ended") return box.replaceChildren();
  const [message, next] = ["message", "next"].map((part) => word(`error.${error.code}.${part}`) || error[part] || "");
  if (box.querySelector("h2")?.textContent === message) return;
  box.replaceChildren(at("#error-parts").content.cloneNode(true));
  say(box.querySelector("h2"), message);
  say(box.querySelector("p"), next);
  const button = box.querySelector("button");
  button.hidden = !error.retry;
  button.onclick = () => retry(error.code);
}

/** @param {string} code of the error; some are only mended on the first page */
function retry(code) {
  if (!["visit-over", "name"].includes(code)) return visit.retry();
  remember("");
  location.reload();
}

/** @param {MediaStreamTrack} track of the agent @param {"audio"|"video"|"slides"} kind */
async function receive(track, kind) {
  if (kind === "slides") return show(slides, track);
  if (kind === "video") return show(agent, track);
  silent = !(await show(at("#voice"), track));
  render();
}

/** @param {import("../shared/sharing.js").Ending} why */
function unshared(why) {
  if (!visit.over) tell(word(`sharing.${why}`).replace("#", visit.sharing.state.by ?? ""));
}

function toggleShare() {
  if (visit.sharing.screen) visit.sharing.stop();
  else visit.sharing.start(true);
}

/** @param {string} text */
function tell(text) {
  toast = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(tell, TOAST, "");
  render();
}

/** Lets a reload come back to this call as it was. @param {string} token "" forgets */
function remember(token) {
  const { muted, wish, camera, microphone } = visit;
  const chosen = { camera: camera.chosen, microphone: microphone.chosen, speaker: speaker.chosen };
  ticket = token;
  try {
    if (token) sessionStorage.setItem(KEY, JSON.stringify({ token, name: chosenName(), muted, wish, chosen }));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Without storage a reload starts a new call.
  }
}

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function toggleMicrophone() {
  visit.mute(!visit.muted);
  remember(ticket);
}

function toggleCamera() {
  visit.setCamera(!(visit.wish && !visit.camera.trouble));
  remember(ticket);
}

function chosenName() {
  return at("#name").value.trim() || word("customer.guest");
}

async function checkDevices() {
  asking = true;
  complaint = "";
  render();
  visit.camera.stop();
  visit.microphone.stop();
  const found = await askBoth({ camera: visit.camera.chosen, microphone: visit.microphone.chosen });
  asking = false;
  if (found.audio) visit.microphone.use(found.audio);
  else visit.microphone.fail(found.microphone);
  if (found.video) visit.camera.use(found.video);
  else visit.camera.fail(found.camera);
  if (eager) begin();
}

/** @param {SubmitEvent} event */
function submit(event) {
  event.preventDefault();
  const consent = at("#consent");
  consent.setAttribute("aria-invalid", String(!consent.checked));
  complaint = consent.checked ? "" : word("customer.consent-missing");
  if (!consent.checked) consent.focus();
  else if (visit.microphone.live) return begin();
  eager = consent.checked;
  if (eager && !asking) checkDevices(); // what was in the way may be gone
  if (eager) complaint = word("devices.asking");
  render();
}

// Everything is agreed: the call starts, unless there is nothing to speak into.
function begin() {
  eager = false;
  complaint = visit.microphone.live ? "" : word("devices.needed");
  if (!complaint) {
    visit.start(chosenName());
    enter("call");
  }
  render();
}

async function comeBack({ token, name, muted, wish, chosen }) {
  at("#name").value = name;
  enter("call");
  visit.camera.choose(chosen?.camera ?? "");
  visit.microphone.choose(chosen?.microphone ?? "");
  visit.mute(muted);
  await checkDevices();
  speaker.choose(chosen?.speaker ?? ""); // browsers name them once the microphone is allowed
  if (!wish) visit.setCamera(false);
  if (visit.microphone.live) visit.start(name, token);
  else enter("setup");
  render();
}

function leave() {
  left = true;
  visit.leave();
}

async function turnSoundOn() {
  await at("#voice").play();
  silent = false;
  render();
}

// A phone that dims in the queue would drop the call.
async function keepAwake() {
  const ask = () => document.hidden || view !== "call" || navigator.wakeLock?.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", ask);
  ask();
}

watchFrames(agent, (now) => {
  moving = now;
  render();
});
watchFrames(slides, (now) => {
  sliding = now;
  render();
});
fitPicture(agent);
self.onresize = () => tile.classList.toggle("upright", self.videoHeight >= self.videoWidth);
at("form").onsubmit = submit;
at("#start").disabled = false; // pressed before, the browser itself would have sent the form, name and all
at("#consent").onchange = () => {
  complaint = "";
  at("#consent").removeAttribute("aria-invalid");
  render();
};
at("#devices button").onclick = checkDevices;
at("#mute").onclick = toggleMicrophone;
at("#camera").onclick = toggleCamera;
at("#share").onclick = toggleShare;
at("#leave").onclick = leave;
startCall(render);
at("#sound").onclick = turnSoundOn;
at("#again").onclick = () => location.reload();

panel.offer({ chat: () => import("../shared/chat.js"), equipment: () => import("./devices.js") }, () => ({ ...devices, room: visit.room }));
if (!page.errorMessage) startCheck(devices, page);

const interrupted = recall();
if (page.errorMessage) at("#error button").onclick = () => location.reload();
else if (interrupted) comeBack(interrupted);
else checkDevices();
