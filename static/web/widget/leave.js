// The page of a sign-in that begins: leaves at once, before the rest of the
// page is there, and offers a way out if that takes long.

import { keep } from "./signin.js";

const SLOW = 20000; // ms, as in widget.js

const { signin, nonce } = document.body.dataset;
location.replace(signin);
keep(nonce); // takes longer than to leave
document.head.append(document.querySelector("#ahead").content); // what the widget will need

setTimeout(() => {
  document.querySelector(".slow").hidden = false;
  document.querySelector("#reload").onclick = () => location.reload();
}, SLOW);
