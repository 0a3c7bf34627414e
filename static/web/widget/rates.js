// Rates out of counters: what a connection carries now, each way and for each
// hop. Knows no DOM.

/**
 * @typedef {object} Way one direction of one hop; undefined: not known
 * @property {string} [size] e.g. 1280×720
 * @property {number} [frames] a second
 * @property {number} [kbps]
 * @property {number} [loss] share of packets, 0…1
 * @property {number} [rtt] milliseconds
 * @property {string} [codec]
 */

/** @typedef {{hop: "server"|"node"|"direct", sent: Way, received: Way}} Hop */

/** Remembers the last counters of one call. */
export class Rates {
  #before = new Map(); // name of a counter → value and time

  /**
   * @param {RTCStatsReport|null} report of the browser's connection
   * @param {{codec: string, bytesIn: number, bytesOut: number, packets: number, lost: number, loss: number,
   *   rtt: number}|null} node counters of the server's hop to the node, if there are any
   * @param {boolean} relayed the browser's connection ends at the server
   * @returns {Hop[]} the browser's hop first
   */
  measure(report, node, relayed) {
    const stats = [...(report?.values() ?? [])];
    const out = main(stats, "outbound-rtp");
    const own = {
      hop: relayed ? "server" : "direct",
      sent: this.#sent(out, stats.find((s) => s.type === "remote-inbound-rtp" && s.localId === out?.id), stats, report),
      received: this.#received(main(stats, "inbound-rtp"), report),
    };
    own.received.rtt = own.sent.rtt;
    return node ? [own, this.#node(node, own)] : [own];
  }

  #sent(out, remote, stats, report) {
    const pair = stats.find((s) => s.type === "candidate-pair" && s.nominated && s.currentRoundTripTime !== undefined);
    const rtt = remote?.roundTripTime ?? pair?.currentRoundTripTime;
    return {
      ...(out && this.#common(out, "sent", out.bytesSent, report)),
      loss: remote?.fractionLost,
      rtt: rtt === undefined ? undefined : rtt * 1000,
    };
  }

  #received(into, report) {
    if (!into) return {};
    return {
      ...this.#common(into, "received", into.bytesReceived, report),
      loss: this.#share("own", into.packetsLost ?? 0, into.packetsReceived, into.timestamp),
    };
  }

  #common(stream, name, bytes, report) {
    return {
      size: stream.frameWidth ? `${stream.frameWidth}×${stream.frameHeight}` : undefined,
      frames: stream.framesPerSecond,
      kbps: this.#kbps(name, bytes, stream.timestamp),
      codec: report.get(stream.codecId)?.mimeType.replace("video/", ""),
    };
  }

  // The server passes pictures on as they are: those that flow are as large and as many as the browser's.
  #node({ codec, bytesIn, bytesOut, packets, lost, loss, rtt }, own) {
    const now = performance.now();
    const way = (name, bytes, { size, frames }) => {
      const kbps = this.#kbps(`node ${name}`, bytes, now);
      return { kbps, codec, rtt: rtt || undefined, ...(kbps && { size, frames }) };
    };
    return {
      hop: "node",
      sent: { ...way("sent", bytesOut, own.sent), loss },
      received: { ...way("received", bytesIn, own.received), loss: this.#share("node", lost, packets, now) },
    };
  }

  /** The part of the packets that were lost on their way, since the last time. */
  #share(name, lost, came, time) {
    const gone = this.#growth(`${name} lost`, lost, time)?.by ?? 0;
    const all = gone + (this.#growth(`${name} came`, came, time)?.by ?? 0);
    return all > 0 ? Math.max(0, gone) / all : undefined;
  }

  #kbps(name, bytes, time) {
    const grown = this.#growth(name, bytes, time);
    return grown && Math.max(0, (grown.by * 8) / grown.ms);
  }

  /** By how much a counter has grown, and in how many milliseconds. */
  #growth(name, value, time) {
    const before = this.#before.get(name);
    if (before && before.time === time) return before.grown;
    const grown = before && { by: value - before.value, ms: time - before.time };
    this.#before.set(name, { value, time, grown });
    return grown;
  }
}

/**
 * The people's picture: the first line of its kind; slides have a later one.
 * @param {any[]} stats
 * @param {"outbound-rtp"|"inbound-rtp"} type
 */
function main(stats, type) {
  return stats.filter((s) => s.type === type && s.kind === "video").sort((a, b) => a.mid - b.mid)[0];
}

/**
 * Text of a value, or a dash.
 * @param {keyof Way} key
 * @param {Way} way
 */
export function text(key, way) {
  const value = way[key];
  if (value === undefined || value === "") return "–";
  if (key === "kbps") return `${Math.round(value)} kbit/s`;
  if (key === "loss") return `${(value * 100).toFixed(1)} %`;
  if (key === "rtt") return `${Math.round(value)} ms`;
  if (key === "frames") return `${Math.round(value)} /s`;
  return value;
}
