// The check before the call: whether we hear the microphone, what is in the way
// of camera and microphone, a sound to hear, and the network.

import { draw, say } from "../shared/dom.js";
import { word } from "../shared/words.js";
import { measure } from "./microphone.js";

const at = (selector) => document.querySelector(selector);
const level = at("#level");
const ICONS = { checking: "wait", good: "check" };

let metered = null; // the track whose level is shown
let stopMeter = () => {};
/** @type {import("../shared/panel.js").View|null} */
let devices = null; // the open lists

/**
 * @param {object} about
 * @param {import("./visit.js").Visit} about.visit
 * @param {import("./speaker.js").Speaker} about.speaker
 * @param {() => void} about.chosen called after a choice of a device
 * @param {{socket: string, visit: string}} page
 */
export function startCheck(about, page) {
  at("#speaker button").onclick = () => playTest(about.speaker);
  at("#choose").ontoggle = () => toggleDevices(about);
  const look = async () => {
    showNetwork("checking");
    const { checkNetwork } = await import("./network.js");
    showNetwork(await checkNetwork(page));
  };
  addEventListener("online", () => at("#setup").hidden || look());
  look();
}

async function toggleDevices(about) {
  const { open } = await import("./devices.js");
  devices?.close();
  at("#choose div").replaceChildren();
  devices = at("#choose").open ? open(at("#choose div"), about) : null;
}

/** @param {import("./speaker.js").Speaker} speaker */
async function playTest(speaker) {
  const { playNotes } = await import("./tone.js");
  await playNotes(speaker);
  say(at("#speaker p"), word("speaker.playing"));
}

/** @param {"checking"|import("./network.js").Verdict} verdict */
function showNetwork(verdict) {
  at("#network").dataset.verdict = verdict;
  draw(at("#network"), ICONS[verdict] ?? "alert");
  say(at("#network p"), word(`network.${verdict}`));
}

/**
 * @param {import("./visit.js").Visit} visit
 * @param {boolean} here whether the check is on the screen
 * @param {boolean} asking the browser's question is open
 */
export function renderCheck(visit, here, asking) {
  renderLevel(visit.microphone, here);
  if (!here) return;
  const help = asking ? [] : deviceHelp(visit);
  at("#devices").hidden = !help.length;
  say(at("#devices p"), help.join(" "));
  devices?.render();
}

function renderLevel(microphone, here) {
  const track = here ? microphone.track : null;
  level.hidden = Boolean(microphone.trouble);
  level.classList.toggle("unheard", !track); // its place is kept: nothing below may jump
  if (track === metered) return;
  metered = track;
  stopMeter();
  stopMeter = track ? measure(track, showLevel) : () => {};
}

/** @param {number} loudness from 0 to 1 */
function showLevel(loudness) {
  const meter = level.querySelector("[role=meter]");
  meter.firstElementChild.style.transform = `scaleX(${loudness.toFixed(2)})`;
  meter.setAttribute("aria-valuenow", String(Math.round(loudness * 100)));
}

/** What stands in the way of camera and microphone, in sentences. */
function deviceHelp({ camera, microphone }) {
  if (camera.state === "insecure" || microphone.state === "insecure") return [word("devices.insecure")];
  if (camera.trouble && camera.state === microphone.state) return [word(`devices.both.${camera.state}`)];
  return Object.entries({ microphone, camera })
    .filter(([, device]) => device.trouble)
    .map(([name, device]) => word(`devices.${name}.${device.state}`));
}
