import { Centre } from "./centre.js";
import { Panel } from "./panel.js";
import { showAgent, showBehind, showCall, showList, showToast } from "./view.js";

const query = new URLSearchParams(location.search);
const preview = query.get("preview") === "1";
const byId = (id) => document.getElementById(id);

/** How late the real platform's events are, in milliseconds. */
const realDelay = 450;

/** @type {import("./centre.js").State|undefined} */
let state;
let chosen = "";

const panel = new Panel(showToast);
const centre = new Centre(query.get("agent"), {
  state(next) {
    choose(next);
    state = next;
    show();
  },
  online(on) {
    byId("offline").hidden = on;
  },
});

/** Keeps the choice, moves it to a call that was just answered or that is the only one. */
function choose(next) {
  const before = new Map((state?.interactions ?? []).map((i) => [i.id, i.state]));
  const answered = next.interactions.find((i) => i.state === "connected" && before.get(i.id) !== "connected");
  if (answered) chosen = answered.id;
  if (!next.interactions.some((i) => i.id === chosen)) chosen = next.interactions.at(-1)?.id ?? "";
}

function show() {
  showAgent(state);
  showList(state.interactions, chosen);
  showCall(state, state.interactions.find((i) => i.id === chosen));
  showBehind(state, current());
  panel.show(state, chosen, preview);
}

/** Orders a verb and says so if it is refused. */
async function order(verb, more) {
  try {
    await centre.order(verb, more);
  } catch (err) {
    showToast({ title: "That did not work", message: err.message, type: "error", timeout: 7 });
  }
}

const current = () => state.interactions.find((i) => i.id === chosen);

byId("cards").addEventListener("click", (event) => {
  const conversation = event.target.closest(".card")?.dataset.id;
  if (event.target.closest(".button-answer")) return order("answer", { conversation });
  if (event.target.closest(".button-decline")) return order("decline", { conversation });
  if (event.target.closest(".card-open")) {
    chosen = conversation;
    show();
  }
});
byId("call").addEventListener("click", (event) => {
  const { verb, target, state: to, kind } = event.target.closest("button[data-verb]")?.dataset ?? {};
  if (verb) order(verb, { conversation: chosen, target, state: to, kind });
});
byId("deaf").addEventListener("click", () => order("deaf", { on: !state.deaf }));
byId("delay").addEventListener("click", () => order("delay", { ms: state.delayMs ? 0 : realDelay }));
byId("dial").addEventListener("submit", (event) => {
  event.preventDefault();
  const to = byId("dial-address").value.trim();
  const colleague = state.colleagues.some((c) => c.login === to);
  order("dial", colleague ? { target: to } : { address: to });
});
byId("hold").addEventListener("click", () => order(current().held ? "resume" : "hold", { conversation: chosen }));
byId("mute").addEventListener("click", () => order(current().muted ? "unmute" : "mute", { conversation: chosen }));
byId("pause").addEventListener("click", () => order("pause", { conversation: chosen, on: !current().securePause }));
byId("hangup").addEventListener("click", () => order("hangup", { conversation: chosen }));
byId("done").addEventListener("click", () => order("done", { conversation: chosen }));
byId("on-queue").addEventListener("click", () => order("on-queue", { on: !(state.onQueue && !state.notResponding) }));
byId("simulate").addEventListener("click", async () => {
  byId("simulate").disabled = true;
  await order("simulate");
  byId("simulate").disabled = false;
});
setInterval(() => state && show(), 1000);
