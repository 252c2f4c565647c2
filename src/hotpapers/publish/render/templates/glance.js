// How much of an issue is shown, and which of its papers one is at.
"use strict";
(() => {
  const { all, find } = dom;

  function unfoldAll(isOpen) {
    for (const rest of all(".entry .rest")) rest.open = isOpen;
  }

  function show(howMuch) {
    const choice = all("input[name=show]").find(({ value }) => value === howMuch);
    if (!choice) return;
    choice.checked = true;
    reader.prefer({ show: howMuch });
    reader.applyLook();
    unfoldAll(howMuch === "everything");
  }
  Object.assign(reader.keys, { 1: () => show("titles"), 2: () => show(""), 3: () => show("everything") });

  function offerHowMuch() {
    for (const choice of all("input[name=show]")) {
      choice.checked = choice.value === reader.shownNow();
      choice.onchange = () => show(choice.value);
    }
    if (reader.shownNow() === "everything") unfoldAll(true);
  }

  // marks the entry at a third of the window, near the page's end further down, so that each entry has its turn
  function markWhereOneIs() {
    const list = find(".glance");
    if (!list) return;
    const links = new Map(all("li > a[href^='#']", list).map((link) => [link.hash.slice(1), link]));
    const entries = all(".entry").filter(({ id }) => links.has(id));
    let current;
    const look = () => {
      const below = document.documentElement.scrollHeight - innerHeight - scrollY;
      const further = Math.max(0, innerHeight * 0.7 - below) * (scrollY / (scrollY + below) || 0);
      const line = innerHeight * 0.3 + further;
      const link = links.get(entries.findLast((entry) => entry.getBoundingClientRect().top <= line)?.id);
      if (link === current) return;
      current?.removeAttribute("aria-current");
      link?.setAttribute("aria-current", "location");
      // only beside the entries is the list a box that scrolls
      if (link) list.scrollTop = link.closest("li").offsetTop - list.clientHeight / 2;
      current = link;
    };
    addEventListener("scroll", look, { passive: true });
    look();
  }

  document.addEventListener("DOMContentLoaded", () => {
    offerHowMuch();
    markWhereOneIs();
  });
})();
