// A screen that the person at this page shares, and the server's word of who
// presents. Knows no DOM and no connection.

/**
 * Who presents, as the server tells it.
 * @typedef {object} Presentation
 * @property {"starting"|"on"} [own] this page's share
 * @property {boolean} [other] somebody else presents
 * @property {string} [by] his name
 * @property {RTCRtpTransceiverDirection} [line] how this page's slides line is to be turned
 */

/**
 * Why a share is over without the person's doing: somebody else presents now,
 * the call does not allow it (any more), the room refused it, the browser
 * does, or a whole screen was chosen where that is not wanted.
 * @typedef {"taken"|"over"|"refused"|"blocked"|"whole"} Ending
 */

/**
 * @typedef {object} SharingEvents
 * @property {(message: {type: string, on: boolean}) => boolean} send
 * @property {() => void} changed
 * @property {(why: Ending) => void} ended
 */

/** Whether this browser can share at all. */
export const canShare = Boolean(navigator.mediaDevices?.getDisplayMedia);

export class Sharing {
  /** @type {Presentation} */ state = {};
  /** Whether the call allows it now. */
  may = false;
  #on;
  /** @type {MediaStreamTrack|null} */ #screen = null;
  #known = false; // the server knows of it
  #choosing = false; // the browser's question is open

  /** @param {SharingEvents} on */
  constructor(on) {
    this.#on = on;
  }

  /** What is shared or about to be; null: nothing. */
  get screen() {
    return this.#screen;
  }

  /** The same, once the others may see it. */
  get track() {
    return this.state.own === "on" ? this.#screen : null;
  }

  /**
   * Lets the person choose what to share. Call it from a click.
   * @param {boolean} whole whether that may be a whole screen
   */
  async start(whole) {
    if (this.#screen || this.#choosing) return;
    this.#choosing = true;
    const track = await this.#choose(whole);
    this.#choosing = false;
    if (!track) return;
    const entire = track.getSettings().displaySurface === "monitor";
    if ((entire && !whole) || !this.may) {
      track.stop();
      this.#on.ended(this.may ? "whole" : "over");
      return;
    }
    track.contentHint = "detail"; // text stays sharp, if slower
    track.onended = () => this.stop(); // the browser's own button
    this.#screen = track;
    this.#known = false;
    this.say();
    this.#on.changed();
  }

  /** @param {boolean} whole */
  async #choose(whole) {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: { displaySurface: "browser", frameRate: { max: 30 } },
        audio: false,
        monitorTypeSurfaces: whole ? "include" : "exclude",
        selfBrowserSurface: "exclude",
        surfaceSwitching: "include",
      });
      return stream.getVideoTracks()[0];
    } catch (err) {
      const blocked = document.featurePolicy?.allowsFeature("display-capture") === false;
      if (blocked || err.name !== "NotAllowedError") this.#on.ended("blocked");
      return null; // or they thought better of it
    }
  }

  /** Ends the share. */
  stop() {
    if (this.#drop()) this.#on.send({ type: "present", on: false });
  }

  /** The server does not take the share. */
  refused() {
    if (this.#drop()) this.#on.ended("refused");
  }

  /** Tells the server, again after a reconnection. */
  say() {
    if (this.#screen) this.#on.send({ type: "present", on: true });
  }

  /** @param {{presentation?: Presentation, mayPresent?: boolean}} state as the server has it */
  follow({ presentation, mayPresent }) {
    this.state = presentation ?? {};
    this.may = Boolean(mayPresent);
    if (this.state.own) this.#known = true;
    else if ((this.#known || !this.may) && this.#drop()) this.#on.ended(this.state.other ? "taken" : "over");
  }

  #drop() {
    const track = this.#screen;
    if (!track) return false;
    track.onended = null;
    track.stop();
    this.#screen = null;
    this.#known = false;
    this.#on.changed();
    return true;
  }
}
