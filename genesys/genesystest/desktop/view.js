/** Shows the state: the agent's bar, the list of interactions and the chosen call. Never talks to the network. */

const byId = (id) => document.getElementById(id);

/**
 * @param {HTMLElement} button
 * @param {string} name of the icon
 * @param {string} text
 */
function setButton(button, name, text) {
  if (button.textContent === text) return;
  button.replaceChildren(icon(name), document.createTextNode(text));
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

const letter = (name) => (name.trim()[0] ?? "?").toUpperCase();
const over = (i) => i.state === "disconnected" || i.state === "terminated";
const title = (i) => i.name || i.address || "Unknown caller";

/** What an interaction's state is called. @param {import("./centre.js").Interaction} i */
function stateOf(i) {
  if (i.state === "alerting") return i.consult ? ["Consult request", "ringing"] : ["Incoming call", "ringing"];
  if (over(i)) return [i.wrapupOwed ? "Wrap-up" : "Ended", "ended"];
  if (i.customer === "dialing") return ["Dialling", "ringing"];
  if (i.held) return ["On hold", "held"];
  if (i.consult) return ["Consulting", "held"];
  return ["Connected", "live"];
}

function clockOf(i) {
  if (!i.started) return "";
  const seconds = Math.max(0, Math.floor((Date.parse(i.ended ?? new Date().toISOString()) - Date.parse(i.started)) / 1000));
  const two = (n) => String(n).padStart(2, "0");
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}

/** The bar at the top. @param {import("./centre.js").State} s */
export function showAgent(s) {
  document.title = `${s.agent.name} · Agent desktop`;
  byId("agent-name").textContent = s.agent.name;
  byId("agent-letter").textContent = letter(s.agent.name);
  byId("agent-status").textContent = s.agent.status;
  byId("on-queue").setAttribute("aria-checked", String(s.onQueue && !s.notResponding));
  byId("simulate").hidden = !s.simulate;
  byId("displaced").hidden = s.signedIn;
  byId("sign-in-again").href = `/?agent=${encodeURIComponent(s.agent.login)}`;
}

/**
 * The list, newest first; cards stay the same elements as long as their interaction lasts.
 * @param {import("./centre.js").Interaction[]} interactions
 * @param {string} chosen
 */
export function showList(interactions, chosen) {
  const list = byId("cards");
  const cards = new Map([...list.children].map((card) => [card.dataset.id, card]));
  for (const i of interactions) {
    const card = cards.get(i.id) ?? newCard(list, i.id);
    cards.delete(i.id);
    fillCard(card, i, i.id === chosen);
  }
  for (const card of cards.values()) card.remove();
  byId("no-cards").hidden = interactions.length > 0;
}

function newCard(list, id) {
  const card = byId("card").content.firstElementChild.cloneNode(true);
  card.dataset.id = id;
  list.prepend(card);
  return card;
}

function fillCard(card, i, chosen) {
  const [state, look] = stateOf(i);
  card.classList.toggle("chosen", chosen);
  card.dataset.look = look;
  card.querySelector(".card-open").setAttribute("aria-current", String(chosen));
  card.querySelector(".avatar").textContent = letter(title(i));
  card.querySelector(".card-name").textContent = title(i);
  card.querySelector(".card-state").textContent = i.queue ? `${state} · ${i.queue}` : state;
  card.querySelector(".card-clock").textContent = clockOf(i);
  card.querySelector(".card-answer").hidden = i.state !== "alerting";
}

/**
 * The chosen call, or the calm page without one.
 * @param {import("./centre.js").State} s
 * @param {import("./centre.js").Interaction|undefined} i
 */
export function showCall(s, i) {
  byId("idle").hidden = Boolean(i);
  byId("details").hidden = !i;
  byId("idle-hint").textContent = idleHint(s);
  if (!i) return;
  const [state, look] = stateOf(i);
  byId("caller").textContent = title(i);
  byId("caller-letter").textContent = letter(title(i));
  byId("caller-address").textContent = i.address;
  byId("call-state").textContent = state;
  byId("call-state").dataset.look = look;
  byId("call-clock").textContent = clockOf(i);
  byId("ringing").hidden = i.state !== "alerting";
  showControls(i);
  showConsult(i);
  byId("wrapup").hidden = !over(i);
  byId("wrapup-words").textContent = ending(i);
  byId("hand-over").hidden = i.state !== "connected" || Boolean(i.consult) || i.internal || i.customer !== "connected";
  showTargets(s);
  byId("fact-queue").textContent = i.queue ?? "none";
  byId("fact-customer").textContent = i.customer;
  byId("fact-recording").textContent = i.securePause ? "paused for card data" : i.recording;
  byId("fact-id").textContent = i.id;
}

function idleHint(s) {
  if (s.notResponding) return "You did not take the last call. Switch On queue on to get calls again.";
  if (!s.onQueue) return "You are off queue: only transfers and consults reach you.";
  return s.simulate ? "Press “Simulate a customer call” to see one from start to end." : "Calls of your queues ring here.";
}

function showControls(i) {
  byId("controls").hidden = i.state !== "connected";
  setButton(byId("hold"), i.held ? "play" : "pause", i.held ? "Resume" : "Hold");
  setButton(byId("mute"), i.muted ? "mic-off" : "mic", i.muted ? "Unmute" : "Mute");
  setButton(byId("pause"), "shield", i.securePause ? "Resume recording" : "Secure pause");
  setButton(byId("hangup"), "hangup", "Hang up");
  byId("hold").dataset.on = String(i.held);
  byId("mute").dataset.on = String(i.muted);
  byId("pause").dataset.on = String(i.securePause);
  byId("pause").hidden = i.recording === "none";
}

function showConsult(i) {
  byId("consult").hidden = !i.consult || over(i);
  if (!i.consult) return;
  const ringing = i.consult.state !== "connected";
  byId("consult-title").textContent = i.consult.initiator ? `Consulting ${i.consult.with}` : `${i.consult.with} consults you`;
  byId("consult-words").textContent = ringing
    ? "Ringing · the customer hears music"
    : { DESTINATION: "The customer hears music", OBJECT: "The customer is on the line, the colleague is parked", CONFERENCE: "All three are talking" }[i.consult.speaksTo];
  byId("consult-buttons").hidden = !i.consult.initiator;
  for (const button of byId("consult-buttons").children) {
    const state = button.dataset.state;
    button.hidden = Boolean(state) && (ringing || state === i.consult.speaksTo);
  }
}

/**
 * What others do and what goes wrong: only what can happen now.
 * @param {import("./centre.js").State} s
 * @param {import("./centre.js").Interaction|undefined} i
 */
export function showBehind(s, i) {
  const now = i ? happening(i) : [];
  byId("fate").hidden = !i || over(i) && i.customer !== "connected";
  for (const button of byId("fate").children) {
    button.hidden = !button.dataset.when.split(" ").some((when) => now.includes(when));
  }
  byId("deaf").textContent = s.deaf ? "Hear events again" : "Go deaf to events";
  byId("delay").textContent = s.delayMs ? `No event delay (now ${s.delayMs} ms)` : "Real event delay";
}

/** @param {import("./centre.js").Interaction} i */
function happening(i) {
  const live = i.customer === "connected";
  return [
    "any",
    i.state === "alerting" && "ringing",
    i.customer === "dialing" && "dialling",
    i.state === "connected" && "connected",
    live && !i.internal && "customer",
    live && i.recording === "active" && "recorded",
    live && i.recording === "paused" && "paused",
    live && i.recording !== "active" && "unrecorded",
  ];
}

const endings = {
  client: "You hung up.",
  endpoint: "You hung up at the phone.",
  peer: "The other side hung up.",
  transfer: "The call was transferred.",
};

function ending(i) {
  const kind = (i.ending ?? "").split(".")[0];
  return (endings[kind] ?? `The call ended (${i.ending}).`) + (i.wrapupOwed ? " Press Done when you have finished." : "");
}

/** Rows of colleagues and queues; rebuilt only if they changed. @param {import("./centre.js").State} s */
function showTargets(s) {
  const list = byId("targets");
  const version = JSON.stringify([s.colleagues, s.queues]);
  if (list.dataset.version === version) return;
  list.dataset.version = version;
  list.replaceChildren(
    ...s.colleagues.map((c) => target(c.name, c.status, "people", [
      ["Consult", `Consult ${c.name}`, "consult", c.login],
      ["Transfer", `Transfer to ${c.name}`, "transfer", c.login],
    ])),
    ...s.queues.map((q) => target(q.name, "Queue", "queue", [
      ["Transfer", `Transfer to queue ${q.name}`, "transfer", q.id],
    ])),
  );
}

function target(name, status, look, actions) {
  const row = document.createElement("li");
  const words = document.createElement("span");
  words.className = "target-words";
  const strong = document.createElement("strong");
  strong.textContent = name;
  const quiet = document.createElement("span");
  quiet.className = "quiet";
  quiet.textContent = status;
  words.append(strong, quiet);
  row.append(icon(look), words, ...actions.map(([text, label, verb, to]) => {
    const button = document.createElement("button");
    button.className = "button";
    button.textContent = text;
    button.setAttribute("aria-label", label);
    button.dataset.verb = verb;
    button.dataset.target = to;
    return button;
  }));
  return row;
}

/** A message in the corner. @param {{title: string, message: string, type: string, timeout: number}} toast */
export function showToast(toast) {
  const box = document.createElement("div");
  box.className = "toast";
  box.dataset.type = toast.type;
  const strong = document.createElement("strong");
  strong.textContent = toast.title;
  const words = document.createElement("span");
  words.textContent = toast.message;
  const close = document.createElement("button");
  close.className = "icon-button";
  close.textContent = "×";
  close.setAttribute("aria-label", "Close message");
  close.addEventListener("click", () => box.remove());
  box.append(strong, close, words);
  byId("toasts").append(box);
  if (toast.timeout > 0) setTimeout(() => box.remove(), toast.timeout * 1000);
}
