// The page's share of the sign-in: it leaves for Genesys in this same frame
// and, where the browser keeps no cookie, proves on its return that it is the
// browser that left. The nonce proves; tokens never come here.

const KEY = "videoleg-nonce"; // as in leave.js

/**
 * On the way back without a cookie: trades code, state and nonce for a ticket
 * that lives in this page's memory only. Fails if the server does not agree.
 * @param {URLSearchParams} query of the callback's address
 * @returns {Promise<string>} the ticket
 */
export async function proveSignIn(query) {
  const response = await fetch("/oauth/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code: query.get("code"), state: query.get("state"), nonce: recall() }),
    signal: AbortSignal.timeout(15000),
  });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error("sign-in refused"), answer.error);
  return answer.ticket;
}

function recall() {
  const named = window.name.startsWith(`${KEY}=`) ? window.name.slice(KEY.length + 1) : "";
  if (named) window.name = "";
  try {
    const stored = sessionStorage.getItem(KEY) ?? named;
    sessionStorage.removeItem(KEY);
    return stored;
  } catch {
    return named;
  }
}
