import { WidgetFrame } from "./frame.js";

const narrowest = 320;
const storageKey = "genesystest.panel";

/** The right-hand panel: one widget per interaction, of which the chosen one shows; its width can be dragged. */
export class Panel {
  #frames = new Map(); // interaction id → WidgetFrame
  #panel = document.getElementById("panel");
  #divider = document.getElementById("divider");
  #collapse = document.getElementById("collapse");
  #chosen = "";
  #hidden = false;
  #toast;

  /** @param {(toast: {title: string, message: string, type: string, timeout: number}) => void} toast */
  constructor(toast) {
    this.#toast = toast;
    this.#resize(Number(localStorage.getItem(storageKey)) || 400);
    this.#divider.addEventListener("pointerdown", (event) => this.#drag(event));
    this.#divider.addEventListener("keydown", (event) => this.#nudge(event));
    document.getElementById("reload").addEventListener("click", () => this.#frames.get(this.#chosen)?.reload());
    this.#collapse.addEventListener("click", () => this.#hide(!this.#hidden));
  }

  /**
   * Makes the widgets fit the interactions. A widget begins when its interaction is chosen and answered (or rings, in
   * preview) and stops when the interaction is gone.
   * @param {import("./centre.js").State} state
   * @param {string} chosen interaction id
   * @param {boolean} preview
   */
  show(state, chosen, preview) {
    this.#chosen = chosen;
    const known = new Set(state.interactions.map((i) => i.id));
    for (const [id, frame] of this.#frames) {
      if (known.has(id)) continue;
      this.#frames.delete(id);
      frame.remove();
    }
    const current = state.interactions.find((i) => i.id === chosen);
    const visible = Boolean(current?.widgetUrl);
    this.#panel.hidden = this.#divider.hidden = !visible;
    if (visible && !this.#frames.has(chosen) && (preview || current.state !== "alerting")) {
      this.#frames.set(
        chosen,
        new WidgetFrame(document.getElementById("frames"), current.widgetUrl, state.widget, this.#toast),
      );
    }
    document.getElementById("panel-empty").hidden = this.#frames.has(chosen);
    this.#reveal();
  }

  #reveal() {
    for (const [id, frame] of this.#frames) frame.show(id === this.#chosen && !this.#hidden);
  }

  #hide(on) {
    this.#hidden = on;
    this.#panel.classList.toggle("collapsed", on);
    this.#divider.classList.toggle("collapsed", on);
    this.#collapse.setAttribute("aria-pressed", String(on));
    this.#collapse.title = on ? "Show widget" : "Hide widget";
    this.#collapse.setAttribute("aria-label", this.#collapse.title);
    this.#reveal();
  }

  #drag(event) {
    this.#divider.setPointerCapture(event.pointerId);
    const move = (e) => this.#resize(window.innerWidth - e.clientX);
    const end = () => this.#divider.removeEventListener("pointermove", move);
    this.#divider.addEventListener("pointermove", move);
    this.#divider.addEventListener("lostpointercapture", end, { once: true });
  }

  #nudge(event) {
    const step = { ArrowLeft: 32, ArrowRight: -32 }[event.key];
    if (step) this.#resize(this.#panel.offsetWidth + step);
  }

  /** @param {number} width pixels, from 320 to all that the list leaves */
  #resize(width) {
    const fit = Math.round(Math.min(Math.max(width, narrowest), Math.max(window.innerWidth, narrowest)));
    document.documentElement.style.setProperty("--panel", `${fit}px`);
    this.#divider.setAttribute("aria-valuemin", String(narrowest));
    this.#divider.setAttribute("aria-valuemax", String(window.innerWidth));
    this.#divider.setAttribute("aria-valuenow", String(fit));
    localStorage.setItem(storageKey, String(fit));
  }
}
