// The customer's page: shows what Visit knows. Opens no connection itself.

import { askBoth } from "../shared/devices.js";
import { fitPicture, show, watchFrames } from "../shared/picture.js";
import { word } from "../shared/words.js";
import { measure } from "./microphone.js";
import { Visit } from "./visit.js";

const page = document.body.dataset;
const KEY = `videoleg-visit:${location.pathname}`;
const FAREWELL = 3000; // ms in which the end is read, before the inviter's page follows
const at = (selector) => document.querySelector(selector);
const tile = at("#tile");
const self = tile.querySelector("video");
const agent = at("#agent");

/** @type {"setup"|"call"|"ended"} */
let view = "setup";
let asking = false;
let complaint = ""; // why Start video call did not start
let eager = false; // Start was pressed before the devices were there
let moving = false; // the agent's picture
let silent = false; // the browser wants a click before it plays the voice
let left = false;
let ticket = ""; // with which a reload comes back
let metered = null; // the track whose level is shown
let stopMeter = () => {};

const visit = new Visit(page, { changed: render, track: receive, welcome: remember });

/** @param {Element} element @param {string} text written only when it differs: live regions repeat what is written */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} button @param {string} name of its icon @param {string} label */
function label(button, name, label) {
  button.querySelector("use").setAttribute("href", `#i-${name}`);
  say(button.querySelector("span"), label);
}

function render() {
  if (visit.over && view === "call") enter("ended");
  renderTile();
  renderError();
  if (view === "setup") renderSetup();
  if (view === "call") renderCall();
}

/** @param {"setup"|"call"|"ended"} next */
function enter(next) {
  view = next;
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
  renderLevel();
}

function renderLevel() {
  const { microphone } = visit;
  const track = view === "setup" ? microphone.track : null;
  at("#level").hidden = Boolean(microphone.trouble);
  at("#level").classList.toggle("unheard", !track); // its place is kept: nothing below may jump
  if (track === metered) return;
  metered = track;
  stopMeter();
  stopMeter = track ? measure(track, showLevel) : () => {};
}

/** @param {number} level from 0 to 1 */
function showLevel(level) {
  const meter = at("#level [role=meter]");
  meter.firstElementChild.style.transform = `scaleX(${level.toFixed(2)})`;
  meter.setAttribute("aria-valuenow", String(Math.round(level * 100)));
}

function renderSetup() {
  const help = asking ? [] : deviceHelp();
  at("#devices").hidden = !help.length;
  say(at("#devices p"), help.join(" "));
  say(at("#complaint"), complaint);
}

/** What stands in the way of camera and microphone, in sentences. */
function deviceHelp() {
  const { camera, microphone } = visit;
  if (camera.state === "insecure" || microphone.state === "insecure") return [word("devices.insecure")];
  if (camera.trouble && camera.state === microphone.state) return [word(`devices.both.${camera.state}`)];
  return Object.entries({ microphone, camera })
    .filter(([, device]) => device.trouble)
    .map(([name, device]) => word(`devices.${name}.${device.state}`));
}

function renderCall() {
  const { status } = visit;
  const picture = moving && Boolean(visit.state.agentVideo);
  at("#call").dataset.view = picture ? "picture" : "waiting";
  at("#call").dataset.status = status;
  say(at("#status"), word(`visit.${status}.title`));
  say(at("#explain"), word(`visit.${status}.text`));
  at("#sound").hidden = !silent;
  label(at("#mute"), visit.muted ? "mic-off" : "mic", word(visit.muted ? "button.unmute" : "button.mute"));
  at("#mute").classList.toggle("off", visit.muted);
  const on = visit.wish && !visit.camera.trouble;
  label(at("#camera"), on ? "camera" : "camera-off", word(on ? "button.camera-off" : "button.camera-on"));
  at("#camera").classList.toggle("off", !on);
}

function renderEnded() {
  const how = visit.state.pane ?? (left ? "left" : "ended");
  say(at("#ended h2"), word(`visit.${how}.title`));
  say(at("#ended p"), word(`visit.${how}.text`));
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

/** @param {MediaStreamTrack} track of the agent */
async function receive(track) {
  if (track.kind === "video") return show(agent, track);
  silent = !(await show(at("#voice"), track));
  render();
}

/** Lets a reload come back to this call as it was. @param {string} token "" forgets */
function remember(token) {
  const { muted, wish } = visit;
  ticket = token;
  try {
    if (token) sessionStorage.setItem(KEY, JSON.stringify({ token, name: chosenName(), muted, wish }));
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
  const found = await askBoth();
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

async function comeBack({ token, name, muted, wish }) {
  at("#name").value = name;
  enter("call");
  visit.mute(muted);
  await checkDevices();
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
fitPicture(agent);
self.onresize = () => tile.classList.toggle("upright", self.videoHeight >= self.videoWidth);
at("form").onsubmit = submit;
at("#consent").onchange = () => {
  complaint = "";
  at("#consent").removeAttribute("aria-invalid");
  render();
};
at("#devices button").onclick = checkDevices;
at("#mute").onclick = toggleMicrophone;
at("#camera").onclick = toggleCamera;
at("#leave").onclick = leave;
at("#sound").onclick = turnSoundOn;
at("#again").onclick = () => location.reload();

const interrupted = recall();
if (page.errorMessage) at("#error button").onclick = () => location.reload();
else if (interrupted) comeBack(interrupted);
else checkDevices();
