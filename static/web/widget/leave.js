// The page of a sign-in that begins. A plain script in its head: it leaves at
// once, before the rest of the page is there.
//
// The nonce proves on the way back that this is the browser that left, where
// that keeps no cookie; signin.js takes it from here.

{
  const SLOW = 20000; // ms, as in widget.js
  const KEY = "videoleg-nonce";

  const { signin, nonce } = document.currentScript.dataset;
  location.replace(signin);
  try {
    sessionStorage.setItem(KEY, nonce);
  } catch {
    window.name = `${KEY}=${nonce}`;
  }

  addEventListener("DOMContentLoaded", () => {
    document.head.append(document.querySelector("#ahead").content); // what the widget will need
  });
  setTimeout(() => {
    document.querySelector(".slow").hidden = false;
    document.querySelector("#reload").onclick = () => location.reload();
  }, SLOW);
}
