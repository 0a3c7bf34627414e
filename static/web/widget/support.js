// What support needs to know of a call, as text: no token, PIN, address or
// name is in it.

import { Rates } from "./rates.js";
import { lines, relayed } from "./statistics.js";

/**
 * @param {import("./session.js").Session} session
 * @returns {Promise<string>}
 */
export async function report(session) {
  const { version, conversation, media } = document.body.dataset;
  const story = await session.room.story().catch(() => "(the server did not answer)\n");
  const hops = new Rates().measure(await session.statistics(), session.room.hop, relayed());
  return [
    `Videoleg ${version}, ${new Date().toISOString()}`,
    `conversation ${conversation}, media ${media}`,
    `browser ${navigator.userAgent}`,
    "",
    "Server",
    story,
    "Page",
    ...session.log,
    "",
    "Statistics",
    ...hops.map(lines),
    "",
  ].join("\n");
}
