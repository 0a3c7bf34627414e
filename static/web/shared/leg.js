// One peer connection of a page: offers at once, trickles, and takes its
// tracks when they come. Knows no DOM and no socket. The agent's leg is made
// of ["video", "slides"]: it never has audio.

// ms that a connection may be "disconnected" before another path is looked for, and how long that may take
const PATIENCE = 2000;
const GRACE = 6000;
const REACH = 15000; // ms from the first answer to the first path

let made = 0; // legs of this page

/**
 * @typedef {object} LegEvents
 * @property {(sdp: string, id: number) => void} offer
 * @property {(candidate: {candidate: string, mid: string}) => void} candidate "" ends them
 * @property {(track: MediaStreamTrack, kind: Kind) => void} track what the far end will send
 * @property {(up: boolean) => void} link whether media can flow
 * @property {() => void} failed this leg is done for: make another
 */

/** @typedef {"audio"|"video"|"slides"} Kind of a line; slides are a shared screen */

export class Leg {
  #id = ++made; // its offer's number, which the answer repeats
  #pc;
  #on;
  #stream = new MediaStream();
  /** @type {Map<string, RTCRtpTransceiver>} */ #lines = new Map();
  /** @type {Map<string, number>} */ #limits = new Map();
  /** @type {RTCIceCandidateInit[]} */ #early = [];
  /** @type {{candidate: string, mid: string}[]|null} */ #unsent = [];
  #grace = 0;
  #deadline = 0; // timer of REACH
  #turned = false; // since the last offer
  #mending = false; // another path is being looked for

  /**
   * @param {Kind[]} kinds one line each, sending and receiving
   * @param {{iceServers?: RTCIceServer[], relayOnly?: boolean}} servers
   * @param {LegEvents} on
   * @param {RTCRtpTransceiverDirection} [slides] how the slides line is turned at first
   */
  constructor(kinds, servers, on, slides = "sendrecv") {
    this.#on = on;
    this.#pc = new RTCPeerConnection({
      bundlePolicy: "max-bundle",
      iceServers: servers.iceServers ?? [],
      iceTransportPolicy: servers.relayOnly ? "relay" : "all",
    });
    this.#pc.onicecandidate = ({ candidate }) => this.#trickle(candidate);
    this.#pc.ontrack = ({ track, transceiver }) => on.track(track, transceiver === this.#lines.get("slides") ? "slides" : track.kind);
    this.#pc.onconnectionstatechange = () => this.#follow();
    for (const kind of kinds) {
      const init = kind === "slides" ? { direction: slides, streams: [new MediaStream()] } : { streams: [this.#stream] };
      this.#lines.set(kind, this.#pc.addTransceiver(kind === "slides" ? "video" : kind, init));
    }
  }

  /** Makes the offer and hands it out, then the candidates. */
  async offer() {
    try {
      await this.#pc.setLocalDescription();
    } catch (err) {
      if (this.#pc.signalingState === "closed") return;
      throw err;
    }
    this.#turned = false;
    this.#on.offer(this.#pc.localDescription.sdp, this.#id);
    const unsent = this.#unsent ?? [];
    this.#unsent = null;
    unsent.forEach(this.#on.candidate);
  }

  /**
   * Looks for another path, and offers it.
   * @param {{iceServers?: RTCIceServer[]}} [more] servers to go by as well
   */
  async mend(more) {
    const pc = this.#pc;
    if (pc.signalingState === "have-local-offer") {
      await new Promise((resolve) => pc.addEventListener("signalingstatechange", resolve, { once: true }));
    }
    if (pc.signalingState !== "stable") return;
    if (more?.iceServers) {
      const configuration = pc.getConfiguration();
      pc.setConfiguration({ ...configuration, iceServers: [...configuration.iceServers, ...more.iceServers] });
    }
    pc.restartIce();
    await this.offer();
  }

  /**
   * @param {string} sdp the far end's answer; one to an earlier leg's offer is dropped
   * @param {number} id
   */
  async answer(sdp, id) {
    if (id !== this.#id || this.#pc.signalingState !== "have-local-offer") return;
    if (!this.#pc.remoteDescription) this.#deadline = setTimeout(() => this.#fail(), REACH);
    await this.#pc.setRemoteDescription({ type: "answer", sdp });
    const early = this.#early;
    this.#early = [];
    for (const candidate of early) await this.#add(candidate);
    for (const [kind, kbps] of this.#limits) await this.limit(kind, kbps);
    if (this.#turned) await this.#offerAgain();
  }

  /**
   * Turns a line, with another offer.
   * @param {Kind} kind
   * @param {RTCRtpTransceiverDirection} [direction] undefined: as it is
   */
  async turn(kind, direction = undefined) {
    const line = this.#lines.get(kind);
    if (!direction || !line || line.direction === direction || this.#pc.signalingState === "closed") return;
    line.direction = direction;
    this.#turned = true;
    if (this.#pc.signalingState === "stable" && this.#pc.remoteDescription) await this.#offerAgain();
  }

  #offerAgain() {
    this.#id = ++made;
    return this.offer();
  }

  /** @param {{candidate: string, mid?: string}} message a candidate of the far end */
  async candidate({ candidate, mid }) {
    const init = { candidate, sdpMid: mid ?? "0" };
    if (this.#pc.remoteDescription) await this.#add(init);
    else this.#early.push(init);
  }

  /**
   * Sends a track, or nothing, without renegotiation.
   * @param {Kind} kind
   * @param {MediaStreamTrack|null} track
   */
  async send(kind, track) {
    if (this.#pc.signalingState === "closed") return;
    try {
      await this.#lines.get(kind)?.sender.replaceTrack(track);
    } catch (err) {
      if (err.name !== "InvalidStateError") throw err; // else the line has ended, and Firefox says so
    }
  }

  /**
   * Limits what a line sends, now and after later negotiations.
   * @param {Kind} kind
   * @param {number} kbps 0: as much as the connection allows
   */
  async limit(kind, kbps) {
    this.#limits.set(kind, kbps);
    const sender = this.#lines.get(kind)?.sender;
    if (!sender || this.#pc.signalingState === "closed") return;
    const parameters = sender.getParameters();
    const [encoding] = parameters.encodings ?? [];
    if (!encoding) return; // not negotiated yet
    if (kbps) encoding.maxBitrate = kbps * 1000;
    else delete encoding.maxBitrate;
    await sender.setParameters(parameters);
  }

  /** Nothing that it offered waits for an answer. */
  get settled() {
    return this.#pc.signalingState === "stable" && Boolean(this.#pc.remoteDescription);
  }

  /** @returns {Promise<RTCStatsReport>} */
  statistics() {
    return this.#pc.getStats();
  }

  close() {
    clearTimeout(this.#grace);
    clearTimeout(this.#deadline);
    const pc = this.#pc;
    pc.onicecandidate = pc.ontrack = pc.onconnectionstatechange = null;
    pc.close();
  }

  /** @param {RTCIceCandidate|null} candidate */
  #trickle(candidate) {
    const message = { candidate: candidate?.candidate ?? "", mid: candidate?.sdpMid ?? "0" };
    if (this.#unsent) this.#unsent.push(message);
    else this.#on.candidate(message);
  }

  // A candidate of a kind that this browser cannot use must not end the call.
  /** @param {RTCIceCandidateInit} init */
  async #add(init) {
    try {
      await this.#pc.addIceCandidate(init);
    } catch (err) {
      console.warn("videoleg: a candidate was refused", err);
    }
  }

  #follow() {
    const state = this.#pc.connectionState;
    if (state === "connecting") return; // GRACE goes on
    clearTimeout(this.#grace);
    if (state === "connected") {
      clearTimeout(this.#deadline);
      this.#mending = false;
      this.#on.link(true);
    }
    if (state === "disconnected" || state === "failed") {
      this.#on.link(false);
      if (this.#mending && state === "failed") this.#fail();
      else this.#grace = setTimeout(() => this.#repair(), state === "failed" ? 0 : PATIENCE);
    }
  }

  #repair() {
    this.#mending = true;
    this.#grace = setTimeout(() => this.#fail(), GRACE);
    this.mend().catch(() => this.#fail());
  }

  #fail() {
    this.#on.link(false);
    this.#on.failed();
  }
}
