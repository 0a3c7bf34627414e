// Begins before the rest of the page is there: opens the socket and offers the
// leg, so that both are on their way while the page takes shape. Looks at
// nothing of the document but what the server has written on <body>.

import { choices, QUALITIES } from "./choices.js";
import { Session } from "./session.js";
import { proveSignIn } from "./signin.js";

const page = document.body.dataset;

/** The page's session; null where there is none to begin. Fails if the sign-in cannot be proved. */
export const started = page.errorMessage ? Promise.resolve(null) : begin();
started.catch(() => {}); // the page tells, once it is there

async function begin() {
  const ticket = page.proof ? await proveSignIn(new URLSearchParams(location.search)) : "";
  const { conversation, socket, media, pane } = page;
  const status = page.status === "Signing in" ? "Connecting" : page.status;
  const session = new Session({ conversation, socket, media, ticket, status, pane });
  session.camera.blur(choices.blur);
  session.camera.choose(choices.camera);
  session.limit(QUALITIES[choices.quality]);
  session.open();
  return session;
}
