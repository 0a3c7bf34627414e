// The agent's camera: runs while the call can show it and the agent wants to
// be seen, and tells the server how that stands. Knows no DOM.

import { Device } from "../shared/devices.js";

const BUSY_PAUSE = 5000; // ms until a camera that is busy is tried again

/**
 * @typedef {object} CameraEvents
 * @property {(message: {type: "camera", on: boolean, available: boolean}) => boolean} send false: there is no connection
 * @property {() => void} changed its state, its track or the wish
 */

export class Camera extends Device {
  /** Whether the agent wants to be seen; holds, reconnections and reloads don't change it. */
  wish = true;
  #on;
  #may = false; // the call can show it
  #wanted = false;
  #available = false;
  #retry = 0; // timer of a camera that is busy
  #said = "";

  /** @param {CameraEvents} on */
  constructor(on) {
    super("video", () => this.#follow());
    this.#on = on;
  }

  /** Whether the button that turns it off makes sense. */
  get runs() {
    return this.wish && !this.trouble;
  }

  /** @param {boolean} on the agent's own wish */
  turn(on) {
    this.wish = on;
    this.#run();
    if (this.#wanted && this.trouble) this.start();
    this.#say();
    this.#on.changed();
  }

  /** @param {boolean} on whether the call can show it: otherwise its light is out */
  allow(on) {
    this.#may = on;
    this.#run();
  }

  /** Tells a server that has heard nothing yet. */
  introduce() {
    this.#said = "";
    this.#say();
  }

  #run() {
    const wanted = this.wish && this.#may;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted) this.start();
    else this.stop();
  }

  #follow() {
    if (this.live) this.#available = true;
    if (this.trouble) this.#available = false;
    this.#on.changed();
    this.#say();
    this.#tryAgain();
  }

  // One that another program has is asked for again now and then.
  #tryAgain() {
    clearTimeout(this.#retry);
    if (this.state !== "busy") return;
    this.#retry = setTimeout(async () => {
      if (this.state === "busy") await this.start(true);
      this.#tryAgain();
    }, BUSY_PAUSE);
  }

  #say() {
    const message = { type: "camera", on: this.wish, available: this.#available };
    const text = JSON.stringify(message);
    if (text !== this.#said && this.#on.send(message)) this.#said = text;
  }
}
