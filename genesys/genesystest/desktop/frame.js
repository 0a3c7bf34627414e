/** How long a widget may take to say that it has stopped, or that it is ready. */
const patience = 3000;

/**
 * One widget in its iframe, and the client-app lifecycle spoken with it: hooks go in, actions come out. Messages count
 * only from this iframe, from the widget's origin and in the client-app protocol.
 */
export class WidgetFrame {
  #frame = document.createElement("iframe");
  #origin;
  #hooks;
  #waiting = new Map(); // action → resolve
  #shown = true;
  #onToast;
  #receive = (event) => this.#received(event);

  /**
   * @param {HTMLElement} parent
   * @param {string} url
   * @param {import("./centre.js").State["widget"]} settings
   * @param {(toast: {title: string, message: string, type: string, timeout: number}) => void} onToast
   */
  constructor(parent, url, settings, onToast) {
    this.#origin = new URL(url).origin;
    this.#hooks = settings.hooks;
    this.#onToast = onToast;
    this.#frame.title = "Video";
    this.#frame.className = "widget";
    this.#frame.setAttribute("sandbox", words(settings.sandbox).join(" "));
    this.#frame.allow = words(settings.permissions).map((p) => `${p} ${this.#origin}`).join("; ");
    this.#frame.src = url;
    window.addEventListener("message", this.#receive);
    if (this.#hooks.bootstrap) this.#bootstrap();
    parent.append(this.#frame);
  }

  /** Shows or hides the widget, which goes on running. @param {boolean} on */
  show(on) {
    if (on === this.#shown) return;
    this.#shown = on;
    this.#frame.hidden = !on;
    this.#send(on ? "focus" : "blur");
  }

  reload() {
    this.#frame.src = this.#frame.src;
  }

  /** Lets the widget stop, for a limited time, and removes it. */
  async remove() {
    this.#frame.hidden = true;
    if (this.#hooks.stop) {
      const stopped = this.#answer("stopped");
      this.#send("stop");
      await stopped;
    }
    window.removeEventListener("message", this.#receive);
    this.#frame.remove();
  }

  async #bootstrap() {
    this.#frame.classList.add("starting");
    await new Promise((loaded) => this.#frame.addEventListener("load", loaded, { once: true }));
    const ready = this.#answer("bootstrapped");
    this.#send("bootstrap");
    await ready;
    this.#frame.classList.remove("starting");
  }

  /** @param {"bootstrap"|"focus"|"blur"|"stop"} hook */
  #send(hook) {
    if (this.#hooks[hook]) {
      this.#frame.contentWindow?.postMessage({ purecloudEventType: "appLifecycleHook", hook }, this.#origin);
    }
  }

  /** Waits for an action, but not for ever. @param {string} action */
  #answer(action) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patience);
      this.#waiting.set(action, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #received(event) {
    if (event.source !== this.#frame.contentWindow || event.origin !== this.#origin) return;
    const message = event.data;
    if (message?.protocol !== "purecloud-client-apps") return;
    this.#waiting.get(message.action)?.();
    if (message.action === "showToast" || message.action === "showToastPopup") {
      this.#onToast({
        title: String(message.title ?? ""),
        message: String(message.message ?? ""),
        type: String(message.type ?? "info"),
        timeout: Number(message.timeout ?? 7),
      });
    }
  }
}

/** @param {string} list comma separated */
function words(list) {
  return list.split(",").map((w) => w.trim()).filter(Boolean);
}
