// Abstracts of the lines of a page of all papers, loaded once one of them is unfolded.
"use strict";
(() => {
  const abstracts = new Map();
  window.dayAbstracts = (texts) => {
    for (const [id, text] of Object.entries(texts)) abstracts.set(id, [text].flat());
  };

  async function abstractOf({ dataset: { paper } }) {
    await dom.loadScript(`abstracts-${(paper.charCodeAt(paper.length - 1) + 2) % 10}.js`); // as site_paths.py
    const text = abstracts.get(paper) || ["There is none here. The title leads to it."];
    return dom.make("p", { class: "told", dir: "auto" }, ...text.map(dom.textOrFormula));
  }

  function offerAbstract(line) {
    let abstract; // made once
    const act = async () => {
      button.ariaExpanded = button.ariaExpanded !== "true";
      const element = await (abstract ??= abstractOf(line));
      if (button.ariaExpanded === "true") dom.find("p", line).after(element);
      else element.remove();
    };
    const attributes = { class: "unfold", "aria-label": "Abstract", "aria-expanded": "false" };
    const button = dom.button("", act, attributes);
    dom.find("p", line).after(button);
  }

  // near the window alone: a day may have a thousand lines
  document.addEventListener("DOMContentLoaded", () => {
    const offerNear = (changes) => {
      for (const { target } of changes.filter(({ isIntersecting }) => isIntersecting)) {
        observer.unobserve(target);
        offerAbstract(target);
      }
    };
    const observer = new IntersectionObserver(offerNear, { rootMargin: "100% 0px" });
    for (const line of dom.all(".unfolding > li[data-paper]")) observer.observe(line);
  });
})();
