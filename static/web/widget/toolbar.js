// The buttons: which there are, what they are called now, what they do.

import { draw, say } from "../shared/dom.js";
import * as panel from "../shared/panel.js";
import { canShare } from "../shared/sharing.js";
import { word } from "../shared/words.js";
import { choose } from "./choices.js";
import * as popout from "./popout.js";

const PANELS = {
  people: () => import("./people.js"),
  chat: () => import("../shared/chat.js"),
  statistics: () => import("./statistics.js"),
  settings: () => import("./settings.js"),
};

const page = document.body.dataset;
const at = (id) => document.getElementById(id);

/**
 * @typedef {object} Shown
 * @property {boolean} idle there is no call to show
 * @property {boolean} picture the customer's picture is on
 */

/**
 * Makes the buttons work.
 * @param {() => import("./session.js").Session|null} current
 * @param {(text: string) => void} tell a short notice
 */
export function startToolbar(current, tell) {
  at("camera").onclick = () => {
    const { camera } = current();
    camera.turn(!camera.runs);
    choose({ cameraOff: camera.wish ? "" : page.conversation });
  };
  at("share").onclick = () => {
    const { sharing } = current();
    if (sharing.screen) sharing.stop();
    else sharing.start(page.share !== "tabs");
  };
  at("lock").onclick = () => current()?.room.ask({ type: "lock", on: !current().state.room?.locked });
  at("invite").onclick = () => invite(current(), tell);
  at("support").onclick = () => support(current(), tell);
  at("popout").onclick = () => togglePopout(tell);
  panel.offer(PANELS, current);
}

/**
 * @param {import("./session.js").Session|null} session
 * @param {Shown} shown
 */
export function renderToolbar(session, { idle, picture }) {
  const room = !idle && session?.state.room;
  at("camera").hidden = idle || !session;
  if (session) label("camera", ...(session.camera.runs ? ["camera-off", "camera"] : ["camera-on", "camera-off"]));
  at("camera").classList.toggle("off", !session?.camera.runs);

  const shares = Boolean(session?.sharing.screen);
  at("share").hidden = !room || !canShare;
  at("share").disabled = !shares && !session?.sharing.may;
  label("share", ...(shares ? ["unshare", "unshare"] : ["share", "share"]));
  at("share").classList.toggle("off", shares);

  at("lock").hidden = !room;
  label("lock", ...(room?.locked ? ["unlock", "lock"] : ["lock", "unlock"]));
  at("lock").classList.toggle("off", Boolean(room?.locked));

  const out = popout.isOut();
  if (idle && out) popout.bringBack().catch(() => {}); // it has gone by itself
  at("popout").hidden = !room || !popout.canPopOut();
  at("popout").disabled = !picture && !out;
  label("popout", out ? "return" : "popout", "popout");

  at("invite").hidden = !room?.invite;
  at("people").hidden = !room;
  at("chat").hidden = !room?.chat;
  at("statistics").hidden = !room;
  at("settings").hidden = at("support").hidden = !session;
  for (const id of [...Object.keys(PANELS), "invite", "support"]) label(id, id);
  panel.mark("people", room ? session.room.people.filter(({ waiting }) => waiting).length : 0, "people.waiting");
  if (panel.opened() && at(panel.opened()).hidden) panel.close();
}

/** @param {string} id @param {string} name key of the name @param {string} [icon] */
function label(id, name, icon) {
  const text = word(`button.${name}`);
  say(at(id).querySelector("span"), text);
  if (at(id).title !== text) at(id).title = text;
  if (icon) draw(at(id), icon);
}

async function invite(session, tell) {
  try {
    const { copy } = await import("./clipboard.js");
    const done = await copy(await session.room.invite());
    tell(word(done ? "notice.invited" : "notice.not-copied"));
  } catch {
    tell(word("notice.refused"));
  }
}

async function support(session, tell) {
  const [{ report }, { copy }] = await Promise.all([import("./support.js"), import("./clipboard.js")]);
  tell(word((await copy(await report(session))) ? "notice.supported" : "notice.not-copied"));
}

async function togglePopout(tell) {
  try {
    if (popout.isOut()) await popout.bringBack();
    else await popout.popOut(at("customer"), [at("camera"), at("popout")]);
  } catch (err) {
    console.warn("videoleg: the picture stays in the page", err);
    tell(word("notice.no-popout"));
  }
}
