// The one question for camera and microphone, before the call. Knows no DOM.

import { ask, AUDIO, VIDEO, wanted } from "../shared/devices.js";

/** @typedef {import("../shared/devices.js").Trouble} Trouble */

/**
 * Asks for camera and microphone in one question; if that fails, for one
 * alone, so that a call with what there is remains possible.
 * @param {{camera?: string, microphone?: string}} [ids] of chosen ones
 * @returns {Promise<{video: MediaStreamTrack|null, audio: MediaStreamTrack|null,
 *   camera: Trouble|null, microphone: Trouble|null}>}
 */
export async function askBoth(ids = {}) {
  const constraints = { video: wanted(VIDEO, ids.camera), audio: wanted(AUDIO, ids.microphone) };
  const both = await ask(constraints);
  const [audio, video] = ["audio", "video"].map((kind) => both.tracks.find((t) => t.kind === kind) ?? null);
  if (!both.trouble) return { video, audio, camera: null, microphone: null };
  const voice = await ask({ audio: constraints.audio });
  if (!voice.trouble) return { video: null, audio: voice.tracks[0], camera: both.trouble, microphone: null };
  // Whoever has just said no twice is not asked a third time.
  const picture = voice.trouble === "refused" ? both : await ask({ video: constraints.video });
  return { video: picture.tracks[0] ?? null, audio: null, camera: picture.trouble, microphone: voice.trouble };
}
