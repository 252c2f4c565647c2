// Keyboard shortcuts, and the list of them.
"use strict";
const readerKeys = (() => {
  const { find, byId, make, button } = dom;

  function step(by) {
    const papers = reader.papers().filter((paper) => paper.checkVisibility());
    const links = papers.map((paper) => find("h2 a, a:not(.place a)", paper)).filter(Boolean);
    const current = links.findIndex((link) => link.closest(".entry, li").contains(document.activeElement));
    const next = links[current < 0 && by < 0 ? 0 : Math.min(Math.max(current + by, 0), links.length - 1)];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.closest(".entry, li").scrollIntoView({ block: "start" });
  }

  function search() {
    const input = byId("find");
    if (input) input.focus();
    else location.assign(new URL("search/index.html#find", dom.root)); // there, it gets the focus
  }

  const KEYS = {
    j: "Next paper",
    k: "Previous paper",
    o: "Open it",
    s: "Star it, or take the star away",
    "[ ]": "Issue before, issue after",
    "1 2 3": "Titles, summaries, everything",
    "/": "Search",
    "?": "Show this list",
  };

  function list() {
    const row = ([keys, meaning]) => {
      const signs = keys.split(" ").flatMap((key) => [make("kbd", {}, key), " "]);
      return make("div", {}, make("dt", {}, ...signs), make("dd", {}, meaning));
    };
    const offered = Object.entries(KEYS).filter(([key]) => key !== "s" || reader.keys.s); // stars are a wing's
    return make("dl", { class: "seal" }, ...offered.map(row));
  }

  // focus and place are as before once it is closed
  function showList() {
    const dialog = make(
      "dialog",
      { class: "keys", "aria-labelledby": "keys-title" },
      make("h2", { id: "keys-title" }, "Keyboard shortcuts"),
      list(),
      make(
        "p",
        { class: "acts" },
        button("Close", () => dialog.close()),
        " ",
        make("a", { href: new URL("reading/index.html#keys", dom.root) }, "Preferences"),
      ),
    );
    dialog.onclick = ({ target }) => target === dialog && dialog.close(); // beside it
    dialog.onclose = () => dialog.remove();
    document.body.append(dialog);
    dialog.showModal();
  }

  Object.assign(reader.keys, {
    j: () => step(1),
    k: () => step(-1),
    o: () => find(":focus")?.click(),
    "[": () => find("a[rel=prev]")?.click(),
    "]": () => find("a[rel=next]")?.click(),
    "/": search,
    "?": showList,
  });

  const isTyping = ({ target }) => target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select");

  document.addEventListener("keydown", (event) => {
    const dialog = find("dialog[open]");
    if (dialog && event.key === "?") dialog.close();
    if (dialog || !reader.hasShortcuts()) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const act = reader.keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });

  return { list };
})();
