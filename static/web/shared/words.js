// The words of the page's language. The server has picked one that exists, so
// <html lang> is the name of a file.

const tag = document.documentElement.lang;
const { default: words } = await import(`../lang/${/^[a-z]{2,3}(-[a-z0-9]+)*$/.test(tag) ? tag : "en"}.js`);

/**
 * @param {string} key
 * @returns {string} the words, "" if there are none
 */
export function word(key) {
  return words[key] ?? "";
}
