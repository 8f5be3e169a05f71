/** Finds what a page is made of, and says what is missing. */
/// <reference lib="dom" />

/** @throws {Error} when the page has no such element */
export function find<E extends HTMLElement>(id: string): E {
  return there(document.getElementById(id), `#${id}`);
}

/** Finds a part by its class. @throws {Error} when there is none */
export function findIn<E extends HTMLElement>(root: ParentNode, part: string): E {
  return there(root.querySelector(`.${part}`), `.${part}`);
}

function there<E extends HTMLElement>(element: Element | null, name: string): E {
  if (element === null) throw new Error(`Cannot draw the page: it has no element ${name}`);
  return element as E;
}
