// Abstracts of the lines of a page of all papers, loaded once one of them is unfolded.
"use strict";
(() => {
  const abstracts = new Map();
  window.dayAbstracts = (texts) =>
    Object.entries(texts).forEach(([id, text]) => abstracts.set(id, typeof text === "string" ? [text] : text));

  async function abstractOf(line) {
    const [, id] = /\/(?:abs|paper)\/(.+?)(?:\/index\.html)?$/.exec(line.querySelector("a").href);
    await reader.loadScript(`abstracts-${id.at(-1)}.js`);
    const text = abstracts.get(id) || ["There is none here. The title leads to it."];
    return reader.make(
      "p",
      "",
      { class: "told", dir: "auto" },
      ...text.map((part) => (typeof part === "string" ? part : reader.formula(part))),
    );
  }

  function offerAbstract(line) {
    const button = reader.make("button", "", {
      type: "button",
      class: "unfold",
      "aria-label": "Abstract",
      "aria-expanded": "false",
    });
    let abstract; // made once
    button.onclick = async () => {
      button.ariaExpanded = button.ariaExpanded !== "true";
      const element = await (abstract ??= abstractOf(line));
      if (button.ariaExpanded === "true") line.querySelector("p").after(element);
      else element.remove();
    };
    line.querySelector("p").after(button);
  }

  // near the window alone: a day may have a thousand lines
  document.addEventListener("DOMContentLoaded", () => {
    const observer = new IntersectionObserver(
      (changes) => {
        for (const { target, isIntersecting } of changes) {
          if (!isIntersecting) continue;
          observer.unobserve(target);
          offerAbstract(target);
        }
      },
      { rootMargin: "100% 0px" },
    );
    for (const line of reader.all(".unfolding > li"))
      if (line.querySelector("a[href*='/abs/'], a[href*='paper/']")) observer.observe(line);
  });
})();
