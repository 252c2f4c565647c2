// Puts what readers can do with papers on a page. What they star stays in this browser; every page is complete without it.
"use strict";
(() => {
  const { all, make } = reader;
  const { nearFacts, nearDay, report } = pagePapers;

  // related papers: the nearest first, as they stand; the latest; those with most voices
  function offerNear() {
    const list = document.querySelector(".near");
    if (!list || list.children.length < 2) return;
    const voices = (line) => Number((nearFacts(line)[2] || "0").replace(/\D/g, ""));
    const lines = [...list.children];
    const orders = {
      closeness: () => 0,
      day: (one, other) => (nearDay(one) < nearDay(other) ? 1 : -1),
      voices: (one, other) => voices(other) - voices(one),
    };
    const row = make("p", "By ", { class: "own" });
    for (const [name, order] of Object.entries(orders)) {
      const button = make("button", name, { type: "button", "aria-pressed": name === "closeness" });
      button.onclick = () => {
        list.append(...[...lines].sort(order));
        for (const other of all("button", row)) other.setAttribute("aria-pressed", other === button);
      };
      row.append(button, " ");
    }
    list.before(row);
  }

  document.addEventListener("DOMContentLoaded", async () => {
    const papers = pagePapers.all();
    papers.forEach(pagePapers.addButtons);
    pagePapers.addToTitles(papers);
    pagePapers.offerKey(papers);
    offerOwnOrder(papers);
    offerNear();
    offerMyPapers();
    if (!pagePapers.status.isConnected) document.querySelector("main .own")?.append(pagePapers.status);
    paperChoices.whenChanged.push(() => paperChoices.trouble() && report(paperChoices.trouble()));
    await paperChoices.load(); // after the page has its form, so that nothing moves
    papers.forEach(({ refresh }) => refresh());
    const box = document.getElementById("hide-seen");
    if (box) box.checked = paperChoices.now().hideSeen;
    document.documentElement.dataset.own = "ready";
  });
})();
