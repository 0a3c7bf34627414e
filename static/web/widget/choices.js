// What the agent has chosen, remembered where the browser lets us, else for
// as long as the page lives.

const KEY = "videoleg-choices";

/** Upper limits of what is sent, in kbit/s; 0: whatever the connection allows. */
export const QUALITIES = { low: 64, medium: 1024, high: 2048, "very-high": 6144, auto: 0 };

/**
 * @typedef {object} Choices
 * @property {string} camera device ID; "": the browser's choice
 * @property {keyof typeof QUALITIES} quality
 * @property {boolean} blur
 * @property {boolean} mirrored
 * @property {boolean} selfHidden
 * @property {string} cameraOff conversation in which the camera is off
 * @property {"end bottom"|"start bottom"|"end top"|"start top"} corner of the self-view
 */

/** @type {Choices} */
const usual = { camera: "", quality: "auto", blur: false, mirrored: true, selfHidden: false, cameraOff: "", corner: "end bottom" };

/** @type {Choices} */
export const choices = { ...usual, ...recall() };

/** @param {Partial<Choices>} change */
export function choose(change) {
  Object.assign(choices, change);
  try {
    localStorage.setItem(KEY, JSON.stringify(choices));
  } catch {
    // it keeps nothing
  }
}

/** What is stored, as far as it still has the shape of a choice. */
function recall() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const valid = Object.entries(stored).filter(([name, value]) => typeof value === typeof usual[name]);
    const kept = Object.fromEntries(valid);
    if (!(kept.quality in QUALITIES)) delete kept.quality;
    return kept;
  } catch {
    return {};
  }
}
