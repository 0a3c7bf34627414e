// The customer's picture in a window of its own that stays on top: with
// controls where the browser can give a document one (Document Picture-in-
// Picture, top-level pages only), else the picture alone.

import { show } from "../shared/picture.js";

/** @type {Window|null} */
let own = null;
let changed = () => {};

/** Whether this browser can do either. */
export const canPopOut = () => withControls() || Boolean(document.pictureInPictureEnabled);

/** Whether the picture is out. */
export const isOut = () => Boolean(own || document.pictureInPictureElement);

const withControls = () => "documentPictureInPicture" in window && window === top;

/**
 * @param {HTMLVideoElement} video
 * @param {() => void} told after each change, whoever makes it
 */
export function follow(video, told) {
  changed = told;
  video.addEventListener("enterpictureinpicture", told);
  video.addEventListener("leavepictureinpicture", told);
}

/**
 * @param {HTMLVideoElement} video
 * @param {HTMLElement[]} buttons of the page that work in the other window too
 */
export async function popOut(video, buttons) {
  if (withControls()) await openWindow(video, buttons);
  else await video.requestPictureInPicture();
}

/** Brings the picture back. */
export async function bringBack() {
  own?.close();
  if (document.pictureInPictureElement) await document.exitPictureInPicture();
}

async function openWindow(video, buttons) {
  const { videoWidth: width, videoHeight: height } = video;
  own = await window.documentPictureInPicture.requestWindow({ width: 420, height: 64 + Math.round((420 * height) / width) });
  const page = own.document;
  page.documentElement.lang = document.documentElement.lang;
  page.documentElement.dir = document.documentElement.dir;
  page.body.className = "on-stage popped";
  for (const sheet of document.querySelectorAll("link[rel=stylesheet]")) page.head.append(sheet.cloneNode());
  const picture = page.importNode(video);
  picture.id = "";
  picture.muted = true;
  page.body.append(page.importNode(document.querySelector(".icons"), true), picture);
  const bar = page.createElement("footer");
  const stop = mirror(buttons, bar);
  page.body.append(bar);
  const carry = () => show(picture, video.srcObject?.getTracks()[0] ?? null);
  video.addEventListener("loadstart", carry); // the track of another leg
  carry();
  own.addEventListener("pagehide", () => {
    video.removeEventListener("loadstart", carry);
    stop();
    own = null;
    changed();
  });
  changed();
}

/**
 * Shows copies of buttons that press the originals and look like them.
 * @param {HTMLElement[]} buttons
 * @param {HTMLElement} bar
 * @returns {() => void} ends it
 */
function mirror(buttons, bar) {
  const refresh = () => {
    const copies = buttons.map((button) => {
      const copy = bar.ownerDocument.importNode(button, true);
      copy.onclick = () => button.click();
      return copy;
    });
    bar.replaceChildren(...copies);
  };
  const watch = new MutationObserver(refresh);
  for (const button of buttons) watch.observe(button, { attributes: true, childList: true, characterData: true, subtree: true });
  refresh();
  return () => watch.disconnect();
}
