// What scripts share: elements, further scripts, files to save. All are classic scripts, in one scope: browsers load no
// modules from a disk (file://).
"use strict";
const dom = (() => {
  const root = new URL(".", /** @type {HTMLScriptElement} */ (document.currentScript).src);

  /** @type {(selector: string, within?: ParentNode) => any[]} */
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  /** @type {(selector: string, within?: ParentNode) => any} */
  const find = (selector, within = document) => within.querySelector(selector);

  /** @type {(id: string) => any} */
  const byId = (id) => document.getElementById(id);

  /** @type {(tag: string, attributes?: object, ...children: any[]) => any} */
  const make = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

  function fill(element, attributes = {}, children = []) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function button(text, act, attributes = {}) {
    const element = make("button", { type: "button", ...attributes }, text);
    element.onclick = act;
    return element;
  }

  // a formula, from a tree: tag, attributes, content
  function formula([tag, attributes, ...content]) {
    const element =
      tag[0] === "m"
        ? document.createElementNS("http://www.w3.org/1998/Math/MathML", tag)
        : document.createElement("code");
    return fill(element, attributes, content.map(textOrFormula));
  }

  const textOrFormula = (part) => (typeof part === "string" ? part : formula(part));

  // a script of the site, which also loads where pages are opened from a disk; it is done even if it fails
  const loaded = new Map();
  function loadScript(address) {
    const { href } = new URL(address, document.baseURI);
    if (!loaded.has(href)) {
      loaded.set(
        href,
        new Promise((done) => {
          const script = make("script", { src: href });
          script.onload = script.onerror = () => (script.remove(), done());
          document.head.append(script);
        }),
      );
    }
    return loaded.get(href);
  }

  // the page of a paper on its server, by its id on this site
  const doiOf = (id) => decodeURIComponent(id.replaceAll("~", "%"));
  const paperAddress = (id) =>
    id.startsWith("10.") ? `https://doi.org/${encodeURI(doiOf(id))}` : `https://arxiv.org/abs/${encodeURI(id)}`;

  const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  // lets the reader save a text or a blob as a file
  function download(name, data, type) {
    const url = URL.createObjectURL(data instanceof Blob ? data : new Blob([data], { type }));
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  return {
    root, all, find, byId, make, button, formula, textOrFormula, loadScript, doiOf, paperAddress, counted, download
  };
})();
