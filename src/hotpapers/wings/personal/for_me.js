// Puts what readers can do with papers on a page. What they star stays in this browser; every page is complete without.
"use strict";
(() => {
  const { all, find, make, button } = dom;
  const { report } = pagePapers;

  // related papers: the nearest first, as they stand; the latest; those with most voices
  function offerNear() {
    const list = find(".near");
    if (!list || list.children.length < 2) return;
    const lines = [...list.children];
    const orders = {
      closeness: () => 0,
      day: ({ dataset: first }, { dataset: second }) => (first.day < second.day ? 1 : -1),
      voices: ({ dataset: first }, { dataset: second }) => (second.voices ?? 0) - (first.voices ?? 0),
    };
    const row = make("p", { class: "own" }, "By ");
    for (const [name, order] of Object.entries(orders)) {
      const act = ({ target }) => {
        list.append(...[...lines].sort(order));
        for (const other of all("button", row)) other.setAttribute("aria-pressed", other === target);
      };
      row.append(button(name, act, { "aria-pressed": name === "closeness" }), " ");
    }
    list.before(row);
  }

  document.addEventListener("DOMContentLoaded", async () => {
    const papers = pagePapers.all();
    papers.forEach(pagePapers.addButtons);
    pagePapers.addToTitles(papers);
    pagePapers.offerKey(papers);
    paperOrder.offer(papers);
    offerNear();
    if (!pagePapers.status.isConnected) find("main .own")?.append(pagePapers.status);
    paperChoices.whenChanged.push(() => paperChoices.problem() && report(paperChoices.problem()));
    reader.whenBack(paperChoices.load);
    await paperChoices.load(); // after the page has its form, so that nothing moves
    document.documentElement.dataset.own = "ready";
  });
})();
