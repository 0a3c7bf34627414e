// The page's one WebSocket to our server: JSON messages each way, and a new
// socket when one is lost. Knows no DOM and no message's meaning.

const FIRST_DELAY = 250; // ms; doubles with each attempt
const LONGEST_DELAY = 4000;
const PATIENCE = 40000; // ms without a socket until the page is told to offer Try again
const SLOW_DELAY = 5000; // from then on
const SILENCE = 6000; // ms; a server that says nothing for so long is gone

/**
 * @typedef {object} SignalEvents
 * @property {() => void} open      a socket is open: introduce yourself
 * @property {(message: {type: string}) => void} message
 * @property {() => void} lost      there is none
 * @property {() => void} tooLong   nothing for PATIENCE; attempts go on, slower
 */

export class Signal {
  /** @type {WebSocket|null} */ #socket = null;
  #url;
  #on;
  #attempt = 0;
  #lostAt = 0;
  #timer = 0;
  #silence = 0; // timer
  #closed = false;

  /**
   * @param {string} path address of the socket on our origin
   * @param {SignalEvents} on
   */
  constructor(path, on) {
    this.#url = new URL(path, location.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    this.#on = on;
    addEventListener("online", this.#hurry);
    addEventListener("offline", this.#drop);
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Opens the socket now, whatever delay was running. */
  connect() {
    clearTimeout(this.#timer);
    this.#forget();
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#listen();
    socket.onopen = () => {
      this.#attempt = this.#lostAt = 0;
      this.#on.open();
    };
    socket.onmessage = (event) => {
      this.#listen();
      const message = parse(event.data);
      if (message) this.#on.message(message);
    };
    socket.onclose = () => this.#lose();
  }

  /**
   * Sends, if there is an open socket. Nothing is kept for the next one.
   * @param {{type: string}} message
   */
  send(message) {
    if (this.open) this.#socket.send(JSON.stringify(message));
    return this.open;
  }

  /** Closes the socket, and opens none until connect is called. */
  rest() {
    clearTimeout(this.#timer);
    this.#lostAt = 0;
    this.#forget();
  }

  /** Ends for good. */
  close() {
    this.#closed = true;
    removeEventListener("online", this.#hurry);
    removeEventListener("offline", this.#drop);
    this.rest();
  }

  #hurry = () => {
    if (!this.open && this.#lostAt) this.connect();
  };

  // A browser that goes offline keeps its dead socket for minutes.
  #drop = () => {
    if (this.#socket) this.#lose();
  };

  #lose() {
    this.#forget();
    if (this.#closed) return;
    const now = performance.now();
    if (!this.#lostAt) this.#lostAt = now;
    this.#on.lost();
    const late = now - this.#lostAt > PATIENCE;
    if (late) this.#on.tooLong();
    const delay = late ? SLOW_DELAY : Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempt++);
    this.#timer = setTimeout(() => this.connect(), delay * (0.75 + Math.random() / 2));
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lose(), SILENCE);
  }

  #forget() {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

/** @param {unknown} data */
function parse(data) {
  try {
    const message = JSON.parse(String(data));
    return typeof message?.type === "string" ? message : null;
  } catch {
    return null;
  }
}
