// Camera and microphone. Knows no DOM.

/**
 * Why a device cannot be used: refused by the person or a policy, missing,
 * busy in another program, or never offered to a page without https.
 * @typedef {"refused"|"missing"|"busy"|"insecure"} Trouble
 */

export const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 }, facingMode: "user" };
export const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** @type {Record<string, Trouble>} */
const TROUBLES = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

const BUSY_PAUSE = 400; // ms: a device that another page has just let go takes a moment

/**
 * Asks for devices. Resolves to their tracks, or says what is in the way; a busy one is asked twice.
 * @param {MediaStreamConstraints} constraints
 * @param {boolean} [again] this is the second time
 * @returns {Promise<{tracks: MediaStreamTrack[], trouble: Trouble|null}>}
 */
export async function ask(constraints, again = false) {
  if (!navigator.mediaDevices) return { tracks: [], trouble: "insecure" };
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    return { tracks: stream.getTracks(), trouble: null };
  } catch (err) {
    const trouble = TROUBLES[err.name] ?? "missing";
    if (trouble !== "busy" || again) return { tracks: [], trouble };
    await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE));
    return ask(constraints, true);
  }
}

/**
 * What to ask for: a device's usual constraints, or those of the chosen one.
 * @param {MediaTrackConstraints} usual
 * @param {string} [id] of the chosen one
 */
export function wanted(usual, id) {
  return id ? { ...usual, facingMode: undefined, deviceId: { ideal: id } } : usual;
}

/**
 * @typedef {"off"|"starting"|"live"|Trouble} DeviceState
 */

/**
 * One camera or microphone that can be switched off, light and all, and on
 * again. One that is unplugged is replaced by another until it comes back.
 */
export class Device {
  /** @type {MediaStreamTrack|null} */ track = null;
  /** @type {DeviceState} */ state = "off";
  /** The device that went away, while another stands in. @type {{id: string, label: string}|null} */ lost = null;
  /** ID of the person's choice; "": the browser's. */ chosen = "";
  #kind;
  #blurs = false;
  #changed;
  #turn = 0; // counts starts and stops: an answer that comes after the next one is stale
  #asked = false;

  /**
   * @param {"audio"|"video"} kind
   * @param {(device: Device) => void} changed called after each change of state or track
   */
  constructor(kind, changed) {
    this.#kind = kind;
    this.#changed = changed;
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#look());
  }

  get live() {
    return this.state === "live";
  }

  /** Whether it was asked for and cannot be had. */
  get trouble() {
    return !["off", "starting", "live"].includes(this.state);
  }

  /**
   * Starts the device, unless it runs or starts already.
   * @param {boolean} [quietly] nothing is told unless something changes
   */
  async start(quietly = false) {
    if (this.live || this.state === "starting") return;
    this.#asked = true;
    const turn = ++this.#turn;
    if (!quietly) this.#become("starting", null);
    let { tracks, trouble } = await ask(this.#constraints());
    if (trouble === "busy") ({ tracks, trouble } = await this.#askOthers());
    if (turn !== this.#turn) return tracks.forEach((track) => track.stop());
    if (!trouble) this.use(tracks[0]);
    else if (trouble !== this.state) this.fail(trouble);
  }

  /** @param {MediaStreamTrack} track of such a device, obtained elsewhere */
  use(track) {
    this.#asked = true;
    track.onended = () => this.track === track && this.#replace();
    this.#soften(track);
    this.#become("live", track);
  }

  /** @param {string} id of the device to use from now on; "": the browser's choice */
  choose(id) {
    if (id === this.chosen) return;
    this.chosen = id;
    this.lost = null;
    this.#restart();
  }

  /** Whether the running camera can blur what is behind the person. */
  get canBlur() {
    return (this.track?.getCapabilities?.().backgroundBlur?.length ?? 0) > 1;
  }

  /** @param {boolean} on blur what is behind the person, where the browser can */
  blur(on) {
    this.#blurs = on;
    if (this.track) this.#soften(this.track);
  }

  /** @param {Trouble} trouble of an attempt made elsewhere */
  fail(trouble) {
    this.#asked = true;
    this.#become(trouble, null);
  }

  /** Stops the device; its light goes out. */
  stop() {
    this.#turn++;
    this.#asked = false;
    this.lost = null;
    if (this.state !== "off") this.#become("off", null);
  }

  // Another program has the device: any other of its kind will do.
  async #askOthers() {
    const all = await navigator.mediaDevices.enumerateDevices();
    const kind = all.filter((device) => device.kind === `${this.#kind}input` && device.deviceId);
    const busy = kind.find(({ deviceId }) => deviceId === this.chosen) ?? kind[0];
    for (const other of kind.filter((device) => device !== busy)) {
      const { [this.#kind]: usual } = this.#constraints();
      const found = await ask({ [this.#kind]: { ...usual, facingMode: undefined, deviceId: { exact: other.deviceId } } }, true);
      if (found.trouble) continue;
      this.lost = { id: busy.deviceId, label: busy.label };
      return found;
    }
    return { tracks: [], trouble: "busy" };
  }

  // Unplugged, or its permission withdrawn: another may be there.
  #replace() {
    this.lost ??= { id: this.track.getSettings().deviceId ?? "", label: this.track.label };
    this.#become("missing", null);
    this.start();
  }

  // Something was plugged in or out.
  async #look() {
    if (!this.#asked) return;
    if (this.state === "missing") return this.start();
    if (!this.live || !this.lost) return;
    const devices = await navigator.mediaDevices.enumerateDevices();
    if (!this.lost || !devices.some(({ deviceId }) => deviceId && deviceId === this.lost.id)) return;
    this.chosen = this.lost.id;
    this.lost = null;
    this.#restart();
  }

  #restart() {
    if (!this.live && this.state !== "starting") return;
    this.state = "off";
    this.start();
  }

  #constraints() {
    return { [this.#kind]: wanted(this.#kind === "audio" ? AUDIO : VIDEO, this.chosen) };
  }

  /** @param {MediaStreamTrack} track */
  #soften(track) {
    if (!track.getCapabilities?.().backgroundBlur?.includes(this.#blurs)) return;
    track.applyConstraints({ backgroundBlur: this.#blurs }).catch((err) => console.warn("videoleg: no background blur", err));
  }

  /**
   * @param {DeviceState} state
   * @param {MediaStreamTrack|null} track
   */
  #become(state, track) {
    if (this.track !== track) this.track?.stop();
    this.track = track;
    this.state = state;
    this.#changed(this);
  }
}
