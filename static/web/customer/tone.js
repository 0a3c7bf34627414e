// Three notes to hear a speaker by.

const NOTES = [523, 659, 784]; // Hz: a chord that carries on any loudspeaker
const NOTE = 0.3; // s
const LOUDNESS = 0.25;

/** @param {import("./speaker.js").Speaker} speaker that plays them */
export async function playNotes(speaker) {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  NOTES.forEach((frequency, n) => playNote(context, out, frequency, context.currentTime + 0.1 + n * NOTE));
  setTimeout(() => context.close(), (NOTES.length + 1) * NOTE * 1000);
  await speaker.play(out.stream);
}

/**
 * @param {AudioContext} context
 * @param {AudioNode} out
 * @param {number} frequency
 * @param {number} start in the context's time
 */
function playNote(context, out, frequency, start) {
  const loudness = new GainNode(context, { gain: 0 });
  loudness.gain.setValueAtTime(0, start);
  loudness.gain.linearRampToValueAtTime(LOUDNESS, start + 0.03);
  loudness.gain.linearRampToValueAtTime(0, start + NOTE);
  const note = new OscillatorNode(context, { frequency });
  note.connect(loudness).connect(out);
  note.start(start);
  note.stop(start + NOTE);
}
