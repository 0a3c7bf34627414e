// Where the agent's voice comes out. Knows no DOM but the element that plays.

export class Speaker {
  /** The chosen one's ID; "": the browser's choice. */
  chosen = "";
  /** The chosen one's name while it is unplugged; "": it is there. */
  lost = "";
  #name = ""; // of the chosen one
  #voice;
  #changed;

  /**
   * @param {HTMLAudioElement} voice
   * @param {() => void} changed called when the chosen one went or came back
   */
  constructor(voice, changed) {
    this.#voice = voice;
    this.#changed = changed;
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#turn());
  }

  /** Whether this browser lets a page choose. */
  get selectable() {
    return "setSinkId" in HTMLMediaElement.prototype;
  }

  /** @param {string} id of the output from now on; "": the browser's choice */
  choose(id) {
    this.chosen = id;
    return this.#turn();
  }

  /** Plays something else there. @param {MediaStream} stream */
  async play(stream) {
    const player = new Audio();
    player.srcObject = stream;
    await this.#turn(player);
    await player.play();
  }

  // One that is unplugged gives way to the browser's choice until it is back.
  async #turn(element = this.#voice) {
    if (!this.selectable) return;
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const there = devices.find(({ kind, deviceId }) => kind === "audiooutput" && deviceId === this.chosen);
    const wanted = there ? this.chosen : "";
    if (there) this.#name = there.label;
    const lost = this.chosen && !there ? this.#name : "";
    if (lost !== this.lost) {
      this.lost = lost;
      this.#changed();
    }
    if (element.sinkId === wanted) return;
    await element.setSinkId(wanted).catch((err) => console.warn("videoleg: the speaker stays as it was", err));
  }
}
