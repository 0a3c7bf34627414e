// The room as a page knows it: who is in it, what was written, and what may be
// asked for. Knows no DOM.

const ANSWER_LIMIT = 6000; // ms for the server to answer a question
const READ = "videoleg-read:"; // and the call's name: when the last message was written that was read in this tab

/**
 * @typedef {object} Person one participant of the room
 * @property {string} id
 * @property {string} name
 * @property {"agent"|"customer"|"guest"|"phone"|"playback"} kind
 * @property {boolean} [host]
 * @property {boolean} [self]
 * @property {boolean} [waiting]
 * @property {boolean} [muted]
 * @property {boolean} [silenced] muted by a host
 * @property {boolean} [cameraOff]
 * @property {boolean} [sharing]
 * @property {boolean} [mutable]
 * @property {boolean} [removable]
 */

/** @typedef {{n: number, from: string, own?: boolean, text: string, at: string}} Message one line of the chat */

/**
 * @typedef {object} RoomEvents
 * @property {string} name of the call, for what a reload remembers
 * @property {(message: {type: string}) => boolean} send false: there is no connection
 * @property {() => void} changed
 * @property {(what: string) => void} refused a wish did not come to pass
 */

export class Room {
  /** @type {Person[]} */ people = [];
  /** @type {Message[]} */ messages = [];
  /** Counters of the hop from the server to the node, while watched; null: there is none. */
  hop = null;
  #on;
  #readTo = 0; // number of the last message that was read
  /** @type {Map<string, (told: any) => void>} by the answer's type */ #questions = new Map();

  /** @param {RoomEvents} on */
  constructor(on) {
    this.#on = on;
  }

  /** Who wrote the newest of them; "" if there are none. */
  get unreadFrom() {
    return this.messages.findLast(({ n, own }) => !own && n > this.#readTo)?.from ?? "";
  }

  /** How many messages the person has not read. */
  get unread() {
    return this.messages.filter(({ n, own }) => !own && n > this.#readTo).length;
  }

  /** The person has read all there is. */
  read() {
    const last = this.messages.at(-1);
    this.#readTo = last?.n ?? 0;
    if (last) remember(this.#on.name, last.at);
    this.#on.changed();
  }

  /**
   * Asks for something; whether it comes to pass shows in people, messages or
   * the session's state.
   * @param {{type: "lock"|"admit"|"mute"|"remove"|"chat", who?: string, on?: boolean, text?: string}} wish
   */
  ask(wish) {
    if (!this.#on.send(wish)) this.#on.refused(wish.type);
  }

  /** @returns {Promise<string>} a link for the customer */
  async invite() {
    return (await this.#question("invite", "invitation")).link;
  }

  /** @returns {Promise<string>} what the server knows of the call's course */
  async story() {
    return (await this.#question("story", "story")).story;
  }

  /** @param {boolean} on whether hop is kept up to date */
  watch(on) {
    this.hop = null;
    this.#on.send({ type: "watch", on });
  }

  /**
   * @param {any} message from the server
   * @returns {boolean} whether it was about the room
   */
  hear(message) {
    switch (message.type) {
      case "people":
        this.people = message.people ?? [];
        break;
      case "chat":
        this.#take(message.messages);
        break;
      case "statistics":
        this.hop = message.hop;
        return true;
      case "invitation":
      case "story":
        this.#questions.get(message.type)?.(message);
        return true;
      case "refused":
        if (message.what === "invite") this.#questions.get("invitation")?.(null);
        else this.#on.refused(message.what);
        return true;
      default:
        return false;
    }
    this.#on.changed();
    return true;
  }

  // After a reconnection the server tells all it has once more; after a reload, what was read before it as well.
  /** @param {Message[]} messages */
  #take(messages) {
    const last = this.messages.at(-1)?.n ?? 0;
    this.messages.push(...messages.filter(({ n }) => n > last));
    if (last) return;
    const read = recall(this.#on.name);
    this.#readTo = this.messages.findLast(({ at }) => Date.parse(at) <= read)?.n ?? 0;
  }

  /**
   * @param {string} type of the question
   * @param {string} answer type of the answer
   */
  #question(type, answer) {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`no ${answer}`));
      setTimeout(fail, ANSWER_LIMIT);
      this.#questions.set(answer, (told) => (told ? resolve(told) : fail()));
      if (!this.#on.send({ type })) fail();
    });
  }
}

/** @param {string} name of the call @param {string} at */
function remember(name, at) {
  try {
    sessionStorage.setItem(READ + name, at);
  } catch {
    // it shows them as unread once more
  }
}

/** @param {string} name of the call */
function recall(name) {
  try {
    return Date.parse(sessionStorage.getItem(READ + name) ?? "");
  } catch {
    return NaN;
  }
}
