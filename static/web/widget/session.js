// The agent's page as the server knows it: says hello, offers a video-only
// leg, follows the call's state, and feeds the leg what the customer may see.
// Knows no DOM.

import { Leg } from "../shared/leg.js";
import { Signal } from "../shared/signal.js";
import { Room } from "../shared/room.js";
import { Sharing } from "../shared/sharing.js";
import { Camera } from "./camera.js";

/**
 * The whole state of the call, as the server sends it each time.
 * @typedef {object} CallState
 * @property {string} status one of the seven statuses, in English
 * @property {string} [step]
 * @property {boolean} [sending] the customer can see the agent now
 * @property {string} [notice]
 * @property {string} [pane]
 * @property {boolean} [hidden] the customer's picture is held back
 * @property {boolean} [confirmed] the room has heard that the agent shows himself
 * @property {string} [why] the customer does not see the agent
 * @property {"active"|"paused"|"none"} [recording]
 * @property {"ending"|"ended"} [signIn] the agent's sign-in, if it is to be renewed
 * @property {{locked: boolean, chat: boolean, invite: boolean}} [room]
 * @property {boolean} [mayPresent]
 * @property {import("../shared/sharing.js").Presentation} [presentation]
 * @property {{code: string, message?: string, next?: string, retry?: boolean, wait?: number}|null} [error] wait:
 *   seconds until it is tried again
 */

/**
 * @typedef {object} SessionEvents
 * @property {() => void} changed anything that the page shows
 * @property {(track: MediaStreamTrack|null) => void} customer what to show as the customer's video
 * @property {(track: MediaStreamTrack|null) => void} slides what to show when somebody else presents
 * @property {(why: import("../shared/sharing.js").Ending) => void} unshared the agent's share is over, not by himself
 * @property {(what: string) => void} refused a wish about the room did not come to pass
 * @property {(url: string) => void} renew the sign-in can be renewed there
 */

const LOG_LENGTH = 200;
const AGAIN = 500; // ms after which a page that was signed in begins anew, where the server has forgotten it
const STOP_LIMIT = 2500; // ms; the desktop waits only a little longer
const OVER = ["Call ended", "No active call"];
const APART = ["elsewhere", "ended", "none"]; // panes of a page that has no leg

export class Session {
  /** @type {CallState} */ state;
  camera;
  /** @type {Room} */ room;
  opened = false;
  /** What happened at this end, for support. @type {string[]} */ log = [];
  #page;
  #kbps = 0; // that the camera may send; 0: any
  /** @type {SessionEvents} */ #on = { changed() {}, customer() {}, slides() {}, unshared() {}, refused() {}, renew() {} };
  /** @type {MediaStreamTrack|null} */ #track = null; // of the customer
  /** @type {MediaStreamTrack|null} */ #slides = null; // of whoever presents
  #signal;
  /** @type {Leg|null} */ #leg = null;
  /** @type {object[]} */ #outbox = []; // the leg's messages that found no socket
  #servers = {}; // of the last connect message
  #stale = false; // the leg failed while there was no socket
  /** Why it cannot be used, by the browser. @type {CallState["error"]} */ #fault = null;
  #met = false; // a socket has been open
  #heard = true; // nothing has been missed since the server's last word
  #deaf = false; // nor can it come
  #known; // the server has known whose page this is, and may have forgotten
  #flows = true; // the leg is not broken
  #linked = false; // it has been connected
  #reached = false; // or one before it, since the agent last asked
  #signIn = ""; // as it stood when it was last renewed by itself
  /** @type {(() => void)|null} */ #released = null;

  /**
   * @param {{conversation: string, socket: string, media: string, ticket?: string, status: string, pane?: string,
   *   error?: CallState["error"], known: boolean}} page error: why the session is not to be opened yet; known: it was
   *   made for an agent who had signed in before
   */
  constructor(page) {
    this.#page = page;
    this.#known = page.known;
    this.state = { status: page.status, pane: page.pane, error: page.error };
    if (page.error) this.#note(`refused error=${page.error.code}`);
    this.camera = new Camera({
      send: (message) => this.#signal.send(message),
      changed: () => this.#followCamera(),
    });
    this.room = new Room({
      name: page.conversation,
      send: (message) => this.#signal.send(message),
      changed: () => this.#on.changed(),
      refused: (what) => (what === "present" ? this.sharing.refused() : this.#on.refused(what)),
    });
    this.sharing = new Sharing({
      send: (message) => this.#signal.send(message),
      changed: () => this.#followShare(),
      ended: (why) => this.#on.unshared(why),
    });
    this.#signal = new Signal(page.socket, {
      open: () => this.#meet(),
      message: (message) => this.#hear(message),
      lost: () => this.#lose(),
      tooLong: () => this.#giveUp(),
    });
  }

  /**
   * Tells the page from now on, and at once what it has missed.
   * @param {SessionEvents} on
   */
  shows(on) {
    this.#on = on;
    on.customer(this.#track);
    on.slides(this.#slides);
    on.changed();
  }

  /** Connects, and offers at once where there can be a call. */
  open() {
    this.opened = true;
    this.#signal.connect();
    this.#offerWhereDue();
  }

  /** The server's word, unless we cannot hear it or know better. */
  get status() {
    const { status } = this.state;
    if (OVER.includes(status)) return status;
    if (!this.#heard || !this.#flows) return "Reconnecting";
    return status === "In call" && !this.#linked ? "Connecting" : status;
  }

  /** Media goes past our server. */
  get #bypass() {
    return this.#page.media === "bypass";
  }

  /** @param {number} kbps that the camera may send at most; 0: any */
  limit(kbps) {
    this.#kbps = kbps;
    this.#leg?.limit("video", kbps);
  }

  /** @returns {Promise<RTCStatsReport|null>} of the peer connection, if there is one */
  async statistics() {
    return this.#leg ? this.#leg.statistics() : null;
  }

  /** Try again: the server starts over. */
  retry() {
    if (!this.#signal.send({ type: "retry" })) this.#signal.connect();
    this.#dropLeg();
    this.#reached = false;
    this.#follow({ status: "Connecting" });
  }

  /** Asks where the sign-in can be renewed. False: there is nobody to ask. */
  renew() {
    return this.#signal.send({ type: "renew" });
  }

  /** Brings the video from another window to this one. */
  take() {
    this.#follow({ status: "Connecting" });
    this.#signal.connect();
  }

  /** Releases the call; resolves once the server has, or soon after. */
  async stop() {
    const released = new Promise((resolve) => (this.#released = resolve));
    const limit = new Promise((resolve) => setTimeout(resolve, STOP_LIMIT));
    this.camera.stop();
    this.sharing.stop();
    if (this.#signal.send({ type: "stop" })) await Promise.race([released, limit]);
    this.#signal.close();
    this.#follow({ status: "Call ended" });
  }

  #meet() {
    const { conversation, ticket } = this.#page;
    const lost = this.#met && !this.#leg?.settled; // an answer, with the socket before
    if (this.#stale || lost) this.#dropLeg();
    this.#note("socket open");
    const live = this.#met && Boolean(this.#leg);
    this.#met = true;
    if (this.state.error?.code === "page-offline") this.state = { ...this.state, error: null };
    this.#signal.send({ type: "hello", conversation, live, ...(ticket && { ticket }) });
    this.camera.introduce();
    if (live) this.sharing.say();
    this.#outbox.splice(0).forEach((message) => this.#signal.send(message));
    this.#offerWhereDue();
    this.#on.changed();
  }

  #lose() {
    this.#note("socket lost");
    if (this.#met) this.#heard = false;
    this.#deaf = true;
    this.#feed();
    this.#on.changed();
  }

  #giveUp() {
    if (OVER.includes(this.state.status)) return;
    if (this.#bypass) this.#dropLeg();
    this.state = { ...this.state, error: { code: "page-offline", retry: true } };
    this.#on.changed();
  }

  /** @param {any} message from the server */
  #hear(message) {
    if (this.room.hear(message)) return undefined;
    switch (message.type) {
      case "state":
        return this.#follow(message);
      case "connect":
        this.#servers = message;
        return this.#makeLeg();
      case "restart":
        return this.#makeLeg();
      case "path":
        return this.#leg?.mend(message).catch((err) => this.#refuse(err));
      case "answer":
        return this.#leg?.answer(message.sdp, message.id).catch((err) => this.#refuse(err));
      case "candidate":
        return this.#leg?.candidate(message);
      case "renew":
        return this.#on.renew(message.link);
      case "stopped":
        return this.#released?.();
    }
  }

  /** @param {string} text */
  #note(text) {
    this.log.push(`${new Date().toISOString()}  ${text}`);
    if (this.log.length > LOG_LENGTH) this.log.shift();
  }

  /** @param {CallState} state */
  #follow(state) {
    this.#deaf = false;
    const { status, pane = "-", sending, error } = state;
    this.#note(`state ${status}/${pane} sending=${Boolean(sending)}${error ? ` error=${error.code}` : ""}`);
    if (error?.code === "sign-in" && this.#known) {
      state = { ...state, status: "Reconnecting", error: null };
      setTimeout(() => location.reload(), AGAIN);
    }
    this.#known ||= error?.code !== "sign-in";
    this.state = state;
    this.sharing.follow(state);
    this.#feed(); // before all else: what the customer may not see any more
    if (!state.room) this.room.people = [];
    this.#heard = this.#signal.open;
    if (OVER.includes(state.status) || APART.includes(state.pane)) {
      this.#dropLeg();
      this.#flows = true;
    }
    this.state.error ??= this.#fault;
    this.#offerWhereDue();
    this.#runCamera();
    this.#keepSignedIn();
    this.#on.changed();
  }

  // Once before the sign-in ends and once when it has.
  #keepSignedIn() {
    const { signIn = "" } = this.state;
    if (signIn && signIn !== this.#signIn) this.renew();
    this.#signIn = signIn;
  }

  // On hold and after the call the camera's light is out. A connection being
  // mended leaves it as it is.
  #runCamera() {
    const { status, pane, error } = this.state;
    if (status === "Reconnecting") return;
    const call = status === "In call" || (status === "Connecting" && !error);
    this.camera.allow(call && pane !== "ringing" && !APART.includes(pane));
  }

  #followCamera() {
    this.#note(`camera ${this.camera.state}`);
    this.#feed();
    this.#on.changed();
  }

  // Our server holds back what the customer may not see. Where the media goes
  // past it, to the node, that is up to the page, as long as it hears of it.
  #feed() {
    const held = this.#bypass && !this.state.sending;
    const deaf = this.#bypass && this.#deaf;
    const sent = this.#leg?.send("video", held || deaf ? null : this.camera.track);
    if (held) sent?.then(() => this.#signal.send({ type: "dark" }));
    this.#leg?.send("slides", deaf ? null : this.sharing.track);
    this.#leg?.turn("slides", this.sharing.state.line).catch((err) => this.#refuse(err));
  }

  #followShare() {
    this.#note(`share ${this.sharing.screen ? "chosen" : "ended"}`);
    this.#feed();
    this.#on.changed();
  }

  #offerWhereDue() {
    const { status, pane } = this.state;
    const due = !OVER.includes(status) && status !== "Signing in" && !APART.includes(pane);
    if (due && !this.#leg && !this.#bypass) this.#makeLeg();
  }

  #makeLeg() {
    this.#dropLeg();
    const slides = this.#bypass ? (this.sharing.state.line ?? "inactive") : "sendrecv";
    const on = {
      offer: (sdp, id) => this.#post({ type: "offer", sdp, id }),
      candidate: (candidate) => this.#post({ type: "candidate", ...candidate }),
      track: (track, kind) => this.#see(track, kind),
      link: (up) => this.#hold(up),
      failed: () => this.#repair(),
    };
    try {
      this.#leg = new Leg(["video", "slides"], this.#servers, on, slides);
    } catch (err) {
      return this.#refuse(err);
    }
    this.#leg.limit("video", this.#kbps);
    this.#feed();
    this.#leg.offer().catch((err) => this.#refuse(err));
  }

  #dropLeg() {
    this.#leg?.close();
    this.#leg = null;
    this.#outbox = [];
    this.#fault = null;
    this.#stale = this.#linked = false;
    this.#see(null, "video");
    this.#see(null, "slides");
  }

  /** @param {MediaStreamTrack|null} track of the customer, or of whoever presents @param {string} kind */
  #see(track, kind) {
    if (kind === "slides") this.#on.slides((this.#slides = track));
    else this.#on.customer((this.#track = track));
  }

  /** @param {boolean} up whether media can flow */
  #hold(up) {
    this.#note(`media ${up ? "up" : "down"}`);
    if (up) {
      this.#linked = this.#reached = true;
      this.#fault = null;
    }
    this.#flows = up || !this.#reached;
    this.#on.changed();
  }

  #repair() {
    this.#stale = !this.#signal.open;
    if (this.#stale) return;
    if (this.#reached) this.#makeLeg();
    else this.#signal.send({ type: "unreached" });
  }

  /** @param {{type: string}} message of the leg */
  #post(message) {
    if (!this.#signal.send(message)) this.#outbox.push(message);
  }

  /** @param {Error} err */
  #refuse(err) {
    console.error("videoleg: the peer connection was refused", err);
    this.#fault = { code: "page-media", retry: true };
    this.state = { ...this.state, error: this.#fault };
    this.#on.changed();
  }
}
