// Which camera, microphone and speaker: three lists, before the call and in it.

import { make } from "../shared/dom.js";
import { word } from "../shared/words.js";

/** @type {Record<string, string>} what browsers call them */
const KINDS = { camera: "videoinput", microphone: "audioinput", speaker: "audiooutput" };

const NAMES = { camera: "settings.camera", microphone: "devices.microphone", speaker: "devices.speaker" };

/**
 * @param {HTMLElement} body
 * @param {object} about
 * @param {import("./visit.js").Visit} about.visit
 * @param {import("./speaker.js").Speaker} about.speaker
 * @param {() => void} about.chosen called after each choice
 * @returns {import("../shared/panel.js").View}
 */
export function open(body, { visit, speaker, chosen }) {
  const { camera, microphone } = visit;
  const lists = Object.keys(KINDS).filter((name) => name !== "speaker" || speaker.selectable);
  const selects = Object.fromEntries(lists.map((name) => [name, make("select", { id: `device-${name}` })]));
  for (const [name, select] of Object.entries(selects)) {
    body.append(make("div", { className: "field" }, make("label", { htmlFor: select.id, textContent: word(NAMES[name]) }), select));
    select.onchange = () => {
      choose({ camera, microphone, speaker }[name], select.value);
      chosen();
    };
  }
  if (!speaker.selectable) body.append(make("p", { className: "hint", textContent: word("speaker.fixed") }));

  const list = async () => {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    for (const [name, select] of Object.entries(selects)) {
      fill(select, devices.filter(({ kind, deviceId }) => kind === KINDS[name] && deviceId && deviceId !== "default"), word(NAMES[name]));
    }
    show();
  };
  const show = () => {
    for (const [name, select] of Object.entries(selects)) {
      select.value = { camera, microphone, speaker }[name].chosen;
      if (select.selectedIndex < 0) select.value = "";
    }
  };
  let seen = "";
  const render = () => {
    const now = `${camera.state} ${microphone.state}`;
    if (now !== seen) list(); // labels come with the permission
    seen = now;
  };
  navigator.mediaDevices?.addEventListener("devicechange", list);
  render();
  return { render, close: () => navigator.mediaDevices?.removeEventListener("devicechange", list) };
}

/** @param {{choose: (id: string) => void, trouble?: boolean, start?: () => void}} device @param {string} id */
function choose(device, id) {
  device.choose(id);
  if (device.trouble) device.start(); // the other one did not work, this one may
}

/**
 * @param {HTMLSelectElement} select
 * @param {MediaDeviceInfo[]} devices
 * @param {string} name of their kind, for one without a name
 */
function fill(select, devices, name) {
  const options = devices.map(({ deviceId, label }, n) => make("option", { value: deviceId, textContent: label || `${name} ${n + 1}` }));
  select.replaceChildren(make("option", { value: "", textContent: word("settings.any-camera") }), ...options);
  select.disabled = !options.length; // some browsers name no speakers
}
