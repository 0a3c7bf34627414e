// Whether a video element shows a moving picture, and how it best fills its
// place. Elements come in from outside.

const STALE = 4000; // ms without a new frame until a picture counts as gone

/**
 * Watches for decoded frames.
 * @param {HTMLVideoElement} video
 * @param {(moving: boolean) => void} changed
 */
export function watchFrames(video, changed) {
  let moving = false;
  let last = 0;
  const set = (now) => {
    if (now !== moving) changed((moving = now));
  };
  const seen = () => {
    last = performance.now();
    set(true);
  };
  const frame = () => {
    seen();
    video.requestVideoFrameCallback(frame);
  };
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(frame);
  else video.addEventListener("timeupdate", seen);
  video.addEventListener("emptied", () => set(false));
  // A hidden page draws no frames; that says nothing about the sender.
  document.addEventListener("visibilitychange", () => (last = performance.now()));
  setInterval(() => !document.hidden && moving && performance.now() - last > STALE && set(false), 500);
}

/**
 * Fills the place where little would be cut off, else shows the whole picture:
 * a phone held upright in a wide window, a laptop in a narrow panel.
 * @param {HTMLVideoElement} video its class "fill" is set or removed
 */
export function fitPicture(video) {
  const fit = () => {
    const place = video.clientWidth / video.clientHeight;
    const picture = video.videoWidth / video.videoHeight;
    const kept = Math.min(place / picture, picture / place);
    video.classList.toggle("fill", kept > 0.72);
  };
  new ResizeObserver(fit).observe(video);
  video.addEventListener("resize", fit);
  video.addEventListener("loadedmetadata", fit);
}

/**
 * Shows a track, or nothing, without a flash when it is the same one.
 * @param {HTMLMediaElement} element
 * @param {MediaStreamTrack|null} track
 * @returns {Promise<boolean>} false if the browser wants a click before it plays
 */
export async function show(element, track) {
  const shown = element.srcObject?.getTracks()[0] ?? null;
  if (shown === track) return true;
  element.srcObject = track && new MediaStream([track]);
  if (!track) return true;
  try {
    await element.play();
    return true;
  } catch (err) {
    return err.name !== "NotAllowedError";
  }
}
