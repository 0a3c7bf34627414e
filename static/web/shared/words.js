// The page's words in its language. The server has picked one that exists, so
// <html lang> is the name of a folder.

const { lang, dataset } = document.documentElement;
const folder = /^[a-z]{2,3}(-[a-z0-9]+)*$/.test(lang) ? lang : "en";
const parts = await Promise.all(["shared", dataset.page].map((part) => import(`../lang/${folder}/${part}.js`)));
const words = Object.assign({}, ...parts.map((part) => part.default));

/**
 * @param {string} key
 * @returns {string} the words, "" if there are none
 */
export function word(key) {
  return words[key] ?? "";
}
