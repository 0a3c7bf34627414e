// The words of the page's language. The server has already picked one that
// exists, so the name in <html lang> is the name of a file.

const tag = document.documentElement.lang;
const { default: own } = await import(`../lang/${/^[a-z]{2,3}(-[a-z0-9]+)*$/.test(tag) ? tag : "en"}.js`);
const { default: english } = tag === "en" ? { default: own } : await import("../lang/en.js");

/**
 * @param {string} key
 * @returns {string} the words, "" if there are none
 */
export function word(key) {
  return own[key] ?? english[key] ?? "";
}
