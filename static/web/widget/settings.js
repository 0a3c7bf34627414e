// Camera, quality and the agent's own picture.

import { make } from "../shared/dom.js";
import { word } from "../shared/words.js";
import { choices, choose, QUALITIES } from "./choices.js";
import { place } from "./selfview.js";

/**
 * @param {HTMLElement} body
 * @param {import("./session.js").Session} session
 * @returns {import("../shared/panel.js").View}
 */
export function open(body, session) {
  const camera = make("select", { id: "setting-camera" });
  const quality = make("select", { id: "setting-quality" });
  const blur = make("input", { type: "checkbox", id: "setting-blur", checked: choices.blur });
  const blurHint = make("p", { className: "hint", id: "blur-hint", textContent: word("settings.no-blur") });
  const mirrored = make("input", { type: "checkbox", id: "setting-mirror", checked: choices.mirrored });

  quality.append(...Object.entries(QUALITIES).map(([key, kbps]) => make("option", { value: key, textContent: qualityName(key, kbps) })));
  quality.value = choices.quality;
  body.append(
    field(camera, "settings.camera"),
    field(quality, "settings.quality"),
    tick(blur, "settings.blur", blurHint),
    tick(mirrored, "settings.mirror"),
    make("p", { className: "hint", textContent: `${word("version")} ${document.body.dataset.version}` }),
  );

  camera.onchange = () => {
    choose({ camera: camera.value });
    session.camera.choose(camera.value);
  };
  quality.onchange = () => {
    choose({ quality: quality.value });
    session.limit(QUALITIES[quality.value]);
  };
  blur.onchange = () => {
    choose({ blur: blur.checked });
    session.camera.blur(blur.checked);
  };
  mirrored.onchange = () => {
    choose({ mirrored: mirrored.checked });
    place();
  };

  const listCameras = async () => {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const cameras = devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
    const options = cameras.map(({ deviceId, label }, n) => make("option", { value: deviceId, textContent: label || `${word("settings.camera")} ${n + 1}` }));
    camera.replaceChildren(make("option", { value: "", textContent: word("settings.any-camera") }), ...options);
    camera.value = choices.camera;
    if (camera.selectedIndex < 0) camera.value = "";
  };
  let seen = "";
  const render = () => {
    blur.disabled = !session.camera.canBlur;
    blurHint.hidden = session.camera.canBlur;
    if (seen !== session.camera.state) listCameras(); // labels come with the permission
    seen = session.camera.state;
  };
  navigator.mediaDevices?.addEventListener("devicechange", listCameras);
  render();
  return { render, close: () => navigator.mediaDevices?.removeEventListener("devicechange", listCameras) };
}

/** @param {string} key @param {number} kbps */
function qualityName(key, kbps) {
  return kbps ? `${word(`quality.${key}`)} (${kbps} kbit/s)` : word(`quality.${key}`);
}

/** @param {HTMLElement} input @param {string} key of its name */
function field(input, key) {
  return make("div", { className: "field" }, make("label", { htmlFor: input.id, textContent: word(key) }), input);
}

/** @param {HTMLElement} input @param {string} key of its name @param {HTMLElement} [hint] */
function tick(input, key, hint) {
  if (hint) input.setAttribute("aria-describedby", hint.id);
  return make("div", { className: "tick" }, input, make("label", { htmlFor: input.id, textContent: word(key) }), ...(hint ? [hint] : []));
}
