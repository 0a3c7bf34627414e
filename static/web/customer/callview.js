// The call as the customer sees it: where it stands, the agent's picture, the
// buttons, and what is wrong with a device.

import { draw, say } from "../shared/dom.js";
import * as panel from "../shared/panel.js";
import { canShare } from "../shared/sharing.js";
import { word } from "../shared/words.js";

const at = (selector) => document.querySelector(selector);

let swapped = false; // the agent is large, what is presented small

/**
 * @param {import("./visit.js").Visit} visit
 * @param {object} shown
 * @param {boolean} shown.moving whether the agent's picture moves
 * @param {boolean} shown.presented whether somebody's screen is shown
 * @param {boolean} shown.silent the browser wants a click before it plays the voice
 * @param {string} shown.toast a short notice
 * @param {import("./speaker.js").Speaker} speaker
 */
export function renderCall(visit, { moving, presented, silent, toast }, speaker) {
  const { status } = visit;
  const picture = moving && Boolean(visit.state.agentVideo);
  at("#call").dataset.view = picture || presented ? "picture" : "waiting";
  at("#presentation").hidden = !visit.sharing.state.other;
  renderPresented(presented, picture);
  at("#agent").classList.toggle("none", !picture);
  at("#call").dataset.status = status;
  say(at("#status"), word(`visit.${status}.title`));
  say(at("#explain"), word(`visit.${status}.text`));
  at("#sound").hidden = !silent;
  label(at("#mute"), visit.muted ? "mic-off" : "mic", word(visit.muted ? "button.unmute" : "button.mute"));
  at("#mute").classList.toggle("off", visit.muted);
  const on = visit.wish && !visit.camera.trouble;
  label(at("#camera"), on ? "camera" : "camera-off", word(on ? "button.camera-off" : "button.camera-on"));
  at("#camera").classList.toggle("off", !on);
  renderShare(visit);
  renderNotice(visit, speaker, toast);
  renderChat(visit);
  panel.render();
}

/**
 * Lets the pictures be swapped.
 * @param {() => void} changed
 */
export function startCall(changed) {
  at("#swap").onclick = () => {
    swapped = !swapped;
    changed();
  };
}

// What is presented is large and the agent small, or the other way round; where there is no picture of the agent,
// there is nothing to swap.
function renderPresented(presented, picture) {
  swapped &&= presented && picture;
  at("#call").classList.toggle("presented", presented);
  at("#presentation").classList.toggle("small", swapped);
  at("#agent").classList.toggle("small", presented && !swapped);
  at("#swap").hidden = !presented || !picture;
  at("#swap").title = word(swapped ? "button.slides-large" : "button.agent-large");
  say(at("#swap span"), at("#swap").title);
}

// A phone's browser shares no screen, and so shows no button.
function renderShare({ sharing }) {
  const shares = Boolean(sharing.screen);
  at("#share").hidden = !shares && !(canShare && sharing.may);
  label(at("#share"), shares ? "unshare" : "share", word(shares ? "button.unshare" : "button.share"));
  at("#share").classList.toggle("off", shares);
}

/** @param {Element} button @param {string} icon @param {string} text its name */
function label(button, icon, text) {
  draw(button, icon);
  say(button.querySelector("span"), text);
}

function renderNotice(visit, speaker, toast) {
  const broken = brokenDevice(visit);
  const others = toast || (visit.blocked ? word("call.blocked") : replacedDevice(visit, speaker));
  const text = broken ? word(`call.${broken}.${visit[broken].state}`) : others;
  at("#notice").hidden = !text;
  say(at("#notice p"), text);
  at("#notice button").hidden = !broken;
  at("#notice button").onclick = () => visit[broken].start();
}

/** The device that is wanted and cannot be had. */
function brokenDevice({ camera, microphone, wish }) {
  if (microphone.trouble) return "microphone";
  return wish && camera.trouble ? "camera" : "";
}

/** What is said of a device that stands in for one that went away. */
function replacedDevice({ camera, microphone }, speaker) {
  const say = (gone, other) => word("call.replaced").replace("#1", gone).replace("#2", other);
  const other = [microphone, camera].find((device) => device.live && device.lost);
  if (other) return say(other.lost.label, other.track.label);
  return speaker.lost && say(speaker.lost, word("settings.any-camera"));
}

// Messages reach somebody once the agent is there; what was written stays readable.
function renderChat({ room, state }) {
  const there = Boolean(state.room?.chat) && (state.status === "incall" || room.messages.length > 0);
  const open = panel.opened() === "chat";
  at("#chat").hidden = !there;
  if (open && !there) panel.close();
  if (open && room.unread) room.read();
  else panel.mark("chat", room.unread, "chat.unread");
}
