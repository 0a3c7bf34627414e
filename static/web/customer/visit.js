// The customer's call as the server knows it: says hello, offers audio and
// video when told to, follows the state. Knows no DOM.

import { Device } from "../shared/devices.js";
import { Leg } from "../shared/leg.js";
import { Room } from "../shared/room.js";
import { Sharing } from "../shared/sharing.js";
import { Signal } from "../shared/signal.js";

const PATIENCE = 15000; // ms that media may take to get through again

/**
 * @typedef {object} VisitState
 * @property {"joining"|"calling"|"queue"|"incall"|"reconnecting"|"ended"} status
 * @property {boolean} [agentVideo]
 * @property {{chat: boolean}} [room]
 * @property {boolean} [mayPresent]
 * @property {import("../shared/sharing.js").Presentation} [presentation]
 * @property {"elsewhere"} [pane] ended here, because another window has taken the call over
 * @property {{code: string, message?: string, next?: string, retry?: boolean}|null} [error]
 */

/**
 * @typedef {object} VisitEvents
 * @property {() => void} changed anything that the page shows
 * @property {(track: MediaStreamTrack, kind: "audio"|"video"|"slides") => void} track of the agent's picture or voice, or presented
 * @property {(why: import("../shared/sharing.js").Ending) => void} unshared the customer's share is over, not by himself
 * @property {() => void} refused a message was not taken
 * @property {(token: string) => void} welcome the token with which a reload comes back; "" when it is spent
 */

export class Visit {
  /** @type {VisitState} */ state = { status: "joining" };
  muted = false;
  /** Whether the customer wants to be seen. */
  wish = true;
  /** Whether media has not got through for longer than PATIENCE. */
  blocked = false;
  camera = new Device("video", () => this.#followDevice("video"));
  microphone = new Device("audio", () => this.#followDevice("audio"));
  room = new Room({
    name: location.pathname,
    send: (message) => this.#signal.send(message),
    changed: () => this.#on.changed(),
    refused: (what) => (what === "present" ? this.sharing.refused() : this.#on.refused()),
  });
  sharing = new Sharing({
    send: (message) => this.#signal.send(message),
    changed: () => this.#on.changed(),
    ended: (why) => this.#on.unshared(why),
  });
  #on;
  #signal;
  #name = "";
  #token;
  /** @type {Leg|null} */ #leg = null;
  /** @type {object[]} */ #outbox = []; // the leg's messages that found no socket
  #servers = {}; // of the last connect message
  #stale = false; // the leg failed while there was no socket
  /** Why it cannot be used, by the browser. @type {VisitState["error"]} */ #fault = null;
  #met = false;
  #heard = true; // nothing has been missed since the server's last word
  #flows = true; // the leg is not broken
  #reached = false; // media has got through since the customer last asked
  #patience = 0; // timer of PATIENCE

  /**
   * @param {{socket: string, visit: string}} page
   * @param {VisitEvents} on
   */
  constructor(page, on) {
    this.#on = on;
    this.#token = page.visit;
    this.#signal = new Signal(page.socket, {
      open: () => this.#meet(),
      message: (message) => this.#hear(message),
      lost: () => this.#lose(),
      tooLong: () => this.#follow({ ...this.state, error: { code: "page-lost", retry: true } }),
    });
  }

  get status() {
    return (this.#heard && this.#flows) || this.over ? this.state.status : "reconnecting";
  }

  /** Whether the call is over, and not for an error that can be tried again. */
  get over() {
    return this.state.status === "ended" && !this.state.error;
  }

  /**
   * Starts the call, or comes back to it.
   * @param {string} name
   * @param {string} [token] of a visit that a reload interrupted
   */
  start(name, token) {
    this.#name = name;
    if (this.camera.trouble) this.wish = false;
    if (token) this.#token = token;
    this.#signal.connect();
  }

  /** Try again, after an error. */
  retry() {
    this.#reached = false;
    this.#dropLeg();
    this.#follow({ status: "joining" });
    if (!this.#signal.send({ type: "retry" })) this.#signal.connect();
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.muted = muted;
    if (this.microphone.track) this.microphone.track.enabled = !muted;
    this.#signal.send({ type: "mute", on: muted });
    this.#on.changed();
  }

  /** @param {boolean} on */
  setCamera(on) {
    this.wish = on;
    if (on) this.camera.start();
    else this.camera.stop();
    this.#signal.send({ type: "camera", on });
    this.#on.changed();
  }

  /** Leaves for good. */
  leave() {
    this.#signal.send({ type: "leave" });
    this.#follow({ status: "ended" });
  }

  #meet() {
    const live = Boolean(this.#leg?.settled) && !this.#stale;
    if (!live) this.#dropLeg(); // or its answer went with the socket before
    this.#met = true;
    if (this.state.error?.code === "page-lost") this.state = { ...this.state, error: null };
    this.#signal.send({ type: "hello", name: this.#name, live, ...(this.#token && { visit: this.#token }) });
    if (live) {
      this.#sayDevices();
      this.sharing.say();
    }
    this.#outbox.splice(0).forEach((message) => this.#signal.send(message));
    this.#on.changed();
  }

  #sayDevices() {
    this.#signal.send({ type: "mute", on: this.muted });
    this.#signal.send({ type: "camera", on: this.wish });
  }

  #lose() {
    if (this.#met) this.#heard = false;
    this.#on.changed();
  }

  /** @param {any} message from the server */
  #hear(message) {
    if (this.room.hear(message)) return;
    switch (message.type) {
      case "welcome":
        this.#token = message.visit;
        return this.#on.welcome(message.visit);
      case "connect":
        this.#servers = message;
        this.#sayDevices();
        return this.#connect();
      case "path":
        return this.#leg?.mend(message).catch((err) => this.#refuse(err));
      case "answer":
        return this.#leg?.answer(message.sdp, message.id).catch((err) => this.#refuse(err));
      case "candidate":
        return this.#leg?.candidate(message);
      case "state":
        this.#heard = true;
        return this.#follow(message);
    }
  }

  /** @param {VisitState} state */
  #follow(state) {
    this.state = state;
    if (state.status === "ended") {
      this.#dropLeg();
      this.#judge(false);
    }
    this.state.error ??= this.#fault;
    this.sharing.follow(state);
    this.#feedSlides();
    if (this.over) this.#end();
    this.#on.changed();
  }

  #feedSlides() {
    this.#leg?.send("slides", this.sharing.track);
    this.#leg?.turn("slides", this.sharing.state.line).catch((err) => this.#refuse(err));
  }

  #end() {
    this.#signal.close();
    this.camera.stop();
    this.microphone.stop();
    this.#on.welcome("");
  }

  /** @param {boolean} blocked what is known of the way that media takes */
  #judge(blocked) {
    clearTimeout(this.#patience);
    this.#patience = 0;
    this.blocked = blocked;
    this.#on.changed();
  }

  #dropLeg() {
    this.#leg?.close();
    this.#leg = null;
    this.#outbox = [];
    this.#fault = null;
    this.#stale = false;
  }

  #connect() {
    this.#dropLeg();
    const on = {
      offer: (sdp, id) => this.#post({ type: "offer", sdp, id }),
      candidate: (candidate) => this.#post({ type: "candidate", ...candidate }),
      track: (track, kind) => this.#on.track(track, kind),
      link: (up) => this.#hold(up),
      failed: () => this.#repair(),
    };
    try {
      this.#leg = new Leg(["audio", "video", "slides"], this.#servers, on, this.sharing.state.line ?? "inactive");
    } catch (err) {
      return this.#refuse(err);
    }
    const leg = this.#leg;
    if (this.#reached) this.#patience ||= setTimeout(() => this.#judge(true), PATIENCE);
    leg.send("audio", this.microphone.track);
    leg.send("video", this.camera.track);
    leg.send("slides", this.sharing.track);
    leg.offer().catch((err) => this.#refuse(err));
  }

  /** @param {"audio"|"video"} kind */
  #followDevice(kind) {
    const { track } = kind === "audio" ? this.microphone : this.camera;
    if (kind === "audio" && track) track.enabled = !this.muted;
    this.#leg?.send(kind, track);
    this.#on.changed();
  }

  /** @param {boolean} up whether media can flow */
  #hold(up) {
    this.#reached ||= up;
    this.#flows = up || !this.#reached;
    if (up) {
      this.#fault = null;
      this.#judge(false);
    }
    this.#on.changed();
  }

  #repair() {
    this.#stale = !this.#signal.open;
    if (this.#stale) return;
    if (this.#reached) this.#connect();
    else this.#signal.send({ type: "unreached" });
  }

  /** @param {{type: string}} message of the leg */
  #post(message) {
    if (!this.#signal.send(message)) this.#outbox.push(message);
  }

  /** @param {Error} err */
  #refuse(err) {
    console.error("videoleg: the peer connection was refused", err);
    this.#fault = { code: "page-call", retry: true };
    this.#follow(this.state);
  }
}
