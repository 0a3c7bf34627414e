// How loud a microphone is, for the meter on the customer's page.

const OFTEN = 80; // ms between readings
const LOUD = 0.25; // the effective value that fills the meter: a clear voice nearby

/**
 * Reports the level of a track until it is told to stop. Browsers may keep
 * quiet until the first click; nothing is reported before.
 * @param {MediaStreamTrack} track
 * @param {(level: number) => void} report from 0 to 1
 * @returns {() => void} stops
 */
export function measure(track, report) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const wake = () => context.resume();
  addEventListener("pointerdown", wake);
  addEventListener("keydown", wake);

  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
    report(Math.min(1, Math.sqrt(power) / LOUD));
  }, OFTEN);

  return () => {
    clearInterval(timer);
    removeEventListener("pointerdown", wake);
    removeEventListener("keydown", wake);
    context.close();
  };
}
