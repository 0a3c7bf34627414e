// How well this browser reaches us, and whether the way that pictures take is
// open: a few questions on a socket of their own, then candidates from the
// servers that the call will use. Knows no DOM.

const QUESTIONS = 6; // the first also finds the servers, and is not timed
const PATIENCE = 4000; // ms for the questions, and for the candidates
const SLOW = 300; // ms there and back from which people talk over each other

/** @typedef {"good"|"slow"|"detour"|"blocked"|"offline"} Verdict */

/**
 * @param {{socket: string, visit: string}} page
 * @returns {Promise<Verdict>}
 */
export async function checkNetwork(page) {
  const { times, servers } = await ask(page);
  if (!times.length) return "offline";
  const way = servers?.iceServers?.length ? await findWay(servers).catch(nothingFound) : "open";
  if (way !== "open") return way;
  return times.sort((a, b) => a - b)[times.length >> 1] > SLOW ? "slow" : "good";
}

/** What cannot be looked at is not said to be closed. @param {Error} err */
function nothingFound(err) {
  console.warn("videoleg: the servers were not looked at", err);
  return "open";
}

/** @returns {Promise<{times: number[], servers: {iceServers: RTCIceServer[], relayOnly: boolean}|null}>} */
function ask({ socket: path, visit }) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  return new Promise((resolve) => {
    const times = [];
    let servers = null;
    let asked = 0;
    let sent = 0;
    const done = () => {
      socket.onclose = null;
      socket.close();
      resolve({ times, servers });
    };
    const next = () => {
      if (asked++ === QUESTIONS) return done();
      sent = performance.now();
      socket.send(JSON.stringify({ type: "check", visit }));
    };
    socket.onopen = next;
    socket.onmessage = ({ data }) => {
      if (asked > 1) times.push(performance.now() - sent);
      else servers = JSON.parse(data);
      next();
    };
    socket.onclose = done;
    setTimeout(done, PATIENCE);
  });
}

/**
 * Looks whether the servers can be reached the direct way, by UDP, or by
 * another. One that refuses us has been reached, too.
 * @returns {Promise<"open"|"detour"|"blocked">}
 */
async function findWay({ iceServers, relayOnly }) {
  const pc = new RTCPeerConnection({ iceServers, iceTransportPolicy: relayOnly ? "relay" : "all" });
  pc.addTransceiver("audio");
  let detour = false;
  const open = await new Promise((resolve) => {
    const reached = (udp) => (udp ? resolve(true) : (detour = true));
    pc.onicecandidate = ({ candidate }) => {
      if (!candidate) resolve(false);
      else if (candidate.type === "srflx") reached(true);
      else if (candidate.type === "relay") reached((candidate.relayProtocol ?? "udp") === "udp");
    };
    pc.onicecandidateerror = ({ errorCode, url }) => errorCode < 700 && reached(!/^turns:|transport=tcp/.test(url));
    setTimeout(resolve, PATIENCE, false);
    pc.setLocalDescription().catch(() => resolve(false));
  });
  pc.close();
  if (open) return "open";
  return detour ? "detour" : "blocked";
}
