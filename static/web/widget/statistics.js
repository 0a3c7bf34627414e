// How well the video flows: each way, for each hop, with the last minute's
// bitrate as a graph.

import { make } from "../shared/dom.js";
import { word } from "../shared/words.js";
import { copy } from "./clipboard.js";
import { Rates, text } from "./rates.js";

const EVERY = 1000; // ms
const SAMPLES = 60;
const ROWS = ["size", "frames", "kbps", "loss", "rtt", "codec"];
const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {HTMLElement} body
 * @param {import("./session.js").Session} session
 * @returns {import("../shared/panel.js").View}
 */
export function open(body, session) {
  const rates = new Rates();
  const graph = new Graph();
  const tables = make("div", {});
  const button = make("button", { type: "button", className: "primary", textContent: word("statistics.copy") });
  const told = make("p", { className: "hint", role: "status" });
  /** @type {import("./rates.js").Hop[]} */ let hops = [];
  button.onclick = async () => {
    const done = await copy(hops.map(lines).join("\n"));
    told.textContent = word(done ? "statistics.copied" : "notice.not-copied");
  };
  body.append(graph.element, tables, button, told);

  const tick = async () => {
    hops = rates.measure(await session.statistics(), session.room.hop, relayed());
    graph.add(hops[0]);
    tables.replaceChildren(...hops.map(table));
  };
  session.room.watch(true);
  const timer = setInterval(tick, EVERY);
  tick();
  return {
    close: () => {
      clearInterval(timer);
      session.room.watch(false);
    },
  };
}

/** Whether media goes through the server. */
export const relayed = () => document.body.dataset.media !== "bypass";

/** @param {import("./rates.js").Hop} hop */
function table(hop) {
  const head = ["", "statistics.sent", "statistics.received"].map((key) => (key ? make("th", { scope: "col", textContent: word(key) }) : make("td", {})));
  const rows = ROWS.map((key) =>
    make(
      "tr",
      {},
      make("th", { scope: "row", textContent: word(`statistics.${key}`) }),
      make("td", {}, measure(text(key, hop.sent))),
      make("td", {}, measure(text(key, hop.received))),
    ),
  );
  return make("table", {}, make("caption", { textContent: word(`hop.${hop.hop}`) }), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

/** Figures and their unit keep their order in every language. @param {string} text */
const measure = (text) => make("bdi", { dir: "ltr", textContent: text });

/** @param {import("./rates.js").Hop} hop @returns {string} for a report */
export function lines(hop) {
  const rows = ROWS.map((key) => `  ${key}: sent ${text(key, hop.sent)}, received ${text(key, hop.received)}`);
  return [hop.hop, ...rows].join("\n");
}

/** Two lines over the last minute. */
class Graph {
  element;
  #lines = ["sent", "received"].map((way) => {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("class", way);
    return { way, line, values: [] };
  });
  #top = measure("");

  constructor() {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${SAMPLES - 1} 40`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", word("statistics.graph"));
    svg.append(...this.#lines.map(({ line }) => line));
    const legend = this.#lines.map(({ way }) => make("span", { className: way, textContent: word(`statistics.${way}`) }));
    this.element = make("figure", { className: "graph" }, svg, make("figcaption", {}, ...legend, this.#top));
  }

  /** @param {import("./rates.js").Hop} hop */
  add(hop) {
    for (const { way, values } of this.#lines) {
      values.push(hop[way].kbps ?? 0);
      if (values.length > SAMPLES) values.shift();
    }
    const top = Math.max(100, ...this.#lines.flatMap(({ values }) => values));
    this.#top.textContent = `${Math.round(top)} kbit/s`;
    for (const { line, values } of this.#lines) {
      const points = values.map((value, n) => `${SAMPLES - values.length + n},${(39 - (value / top) * 38).toFixed(1)}`);
      line.setAttribute("points", points.join(" "));
    }
  }
}
