// Begins before the rest of the page is there: opens the socket and offers the
// leg, and fetches the rest while the server and the node answer. Looks at
// nothing of the document but what the server has written there for it.

import { choices, QUALITIES } from "./choices.js";
import { Session } from "./session.js";

const page = document.body.dataset;

/** The page's session. It is not opened where something has gone wrong before. */
export const started = begin();

async function begin() {
  const { ticket, error } = await enter();
  const { conversation, socket, media, pane } = page;
  const status = page.status === "Signing in" && !error ? "Connecting" : page.status;
  const known = !error && !returned() && !reloaded();
  const session = new Session({ conversation, socket, media, ticket, status, pane, error, known });
  session.camera.blur(choices.blur);
  session.camera.choose(choices.camera);
  session.camera.wish = choices.cameraOff !== conversation;
  session.limit(QUALITIES[choices.quality]);
  if (!error) session.open();
  document.head.append(document.getElementById("ahead").content);
  import("./widget.js");
  return session;
}

/** @returns {boolean} from a sign-in */
function returned() {
  return location.pathname.endsWith("/oauth/callback");
}

/** @returns {boolean} */
function reloaded() {
  const [navigation] = performance.getEntriesByType("navigation");
  return navigation?.type === "reload";
}

/** @returns {Promise<string>} the ticket of a browser that keeps no cookie */
async function prove() {
  const { proveSignIn } = await import("./signin.js");
  return proveSignIn(new URLSearchParams(location.search));
}

/** What the socket is to show for the sign-in, if anything, or why there is to be none. */
async function enter() {
  const { errorCode: code, errorMessage: message, errorNext: next, errorRetry: retry, errorWait: wait } = page;
  if (message) return { error: { code, message, next, retry: Boolean(retry), wait: Number(wait) } };
  try {
    return { ticket: page.proof && (await prove()) };
  } catch (err) {
    const refused = typeof err.code === "string"; // by the server, in its own words
    return { error: refused ? { ...err, message: err.message, retry: true } : { code: "page-signin", retry: true } };
  }
}
