/**
 * Talks to the stand-in: what the desktop shows comes in, what the agent does goes out. Knows no DOM.
 * @typedef {{login: string, name: string, status: string}} Agent
 * @typedef {{initiator: boolean, with: string, state: string, speaksTo: string}} Consult
 * @typedef {{id: string, name: string, address: string, queue?: string, direction: string, state: string,
 *   customer: string, ending?: string, held: boolean, muted: boolean, recording: string, securePause: boolean,
 *   internal: boolean, started?: string, ended?: string, wrapupOwed: boolean, consult?: Consult, widgetUrl?: string}} Interaction
 * @typedef {{bootstrap: boolean, focus: boolean, blur: boolean, stop: boolean}} Hooks
 * @typedef {{agent: Agent, signedIn: boolean, onQueue: boolean, notResponding: boolean, colleagues: Agent[],
 *   queues: {id: string, name: string}[], simulate: boolean, deaf: boolean,
 *   delayMs: number,
 *   widget: {sandbox: string, permissions: string, hooks: Hooks}, interactions: Interaction[]}} State
 */
export class Centre {
  #agent;
  #source;

  /**
   * @param {string} agent login
   * @param {{state: (s: State) => void, online: (on: boolean) => void}} on
   */
  constructor(agent, on) {
    this.#agent = agent;
    this.#source = new EventSource(`/desktop/events?agent=${encodeURIComponent(agent)}`);
    this.#source.onopen = () => on.online(true);
    this.#source.onerror = () => on.online(false);
    this.#source.onmessage = (event) => on.state(JSON.parse(event.data));
  }

  /**
   * Carries out a verb of the control API.
   * @param {string} verb
   * @param {object} [more] fields besides the agent
   */
  async order(verb, more = {}) {
    const answer = await fetch(`/desktop/api/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ agent: this.#agent, ...more }),
    });
    if (!answer.ok) throw new Error((await answer.json()).message);
  }
}
