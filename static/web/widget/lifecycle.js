// The agent desktop's lifecycle messages (client-app SDK 2.6): the desktop
// says that the widget starts or is about to be removed, the widget answers.

const PROTOCOL = {
  protocol: "purecloud-client-apps",
  protocolAgentName: "purecloud-client-app-sdk",
  protocolAgentVersion: "2.6.10",
};

/**
 * Listens to the desktop, and to nobody else.
 * @param {string} origin of the desktop; "" or no parent window: nothing to do
 * @param {() => Promise<void>} stop releases the call; its end is reported
 */
export function followDesktop(origin, stop) {
  if (!origin || parent === window) return;
  const say = (action) => parent.postMessage({ action, ...PROTOCOL }, origin);
  addEventListener("message", async ({ source, origin: from, data }) => {
    if (source !== parent || from !== origin) return;
    if (data?.purecloudEventType !== "appLifecycleHook") return;
    if (data.hook === "bootstrap") say("bootstrapped");
    if (data.hook === "stop") {
      await stop();
      say("stopped");
    }
  });
}
