// Small changes to a page's elements.

/** @param {Element} element @param {string} text written only when it differs: live regions repeat what is written */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} scope @param {string} name of the icon its svg shows */
export function draw(scope, name) {
  scope.querySelector("use").setAttribute("href", `#i-${name}`);
}

/**
 * Makes an element with what is in it.
 * @param {string} tag
 * @param {Record<string, unknown>} properties of the element; role and names with a dash are attributes
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "role" || name.includes("-")) element.setAttribute(name, String(value));
    else element[name] = value;
  }
  element.append(...children);
  return element;
}
