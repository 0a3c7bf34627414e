// Renews the agent's sign-in beside the call: in a hidden frame, which needs no
// click where the agent is still signed in to Genesys. The server says when it
// is done; the frame itself then shows nothing.

const PATIENCE = 5000; // ms

let frame = null;
let timer = 0;
let wished = false; // by the agent

/**
 * Tries the silent way.
 * @param {string} url where the sign-in begins
 */
export function renewSilently(url) {
  drop();
  frame = document.createElement("iframe");
  frame.hidden = true;
  frame.onload = fail; // something is shown that wants a click
  frame.src = url;
  document.body.append(frame);
  timer = setTimeout(fail, PATIENCE);
}

/**
 * At the agent's wish: the silent way, and if that leads nowhere the whole
 * page goes, and comes back to the same call.
 * @param {import("./session.js").Session} session
 */
export function signInAgain(session) {
  drop();
  wished = true;
  timer = setTimeout(fail, PATIENCE); // the server may not answer
  if (!session.renew()) fail();
}

/** The sign-in is good again. */
export function end() {
  wished = false;
  drop();
}

function fail() {
  drop();
  if (wished) location.reload();
}

function drop() {
  clearTimeout(timer);
  frame?.remove();
  frame = null;
}
