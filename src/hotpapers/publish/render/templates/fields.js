// One category of a page's papers, at an address of its own; their order; and those with some words. A program that
// serves the site chooses categories itself.
"use strict";
(() => {
  const { all, find, make } = dom;
  const wanted = { field: "", words: [] };

  // without the words of buttons
  const textOf = (part) => part.textContent.replace(find(".own", part)?.textContent ?? "", "");

  // shows the papers that are in the wanted category and have the wanted words; the numbers of all
  function showWanted() {
    for (const part of all("main [data-in], .lines > li")) {
      const text = wanted.words.length ? textOf(part).toLowerCase() : "";
      const isInField = !wanted.field || part.dataset.in === wanted.field;
      part.hidden = !isInField || !wanted.words.every((word) => text.includes(word));
    }
    for (const group of all(".group, .still, .further")) {
      const parts = all("[data-in], .lines > li", group);
      group.hidden = parts.length > 0 && parts.every((part) => part.hidden);
    }
  }

  // ---- categories and orders

  function chosen() {
    const parameters = new URLSearchParams(location.search);
    return { field: parameters.get("in") || "", by: parameters.get("by") || "" };
  }

  const addressOf = (choice) => "?" + new URLSearchParams(Object.entries(choice).filter(([, value]) => value));

  function point(item, choice, isCurrent) {
    const link = find("a", item);
    link.href = addressOf(choice);
    if (isCurrent) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }

  function offerFields() {
    const bar = find(".fields:not([data-live])");
    if (!bar) return;
    const items = all("[data-of]", bar);
    const orders = all("[data-by]", bar);
    for (const item of [...items, ...orders]) {
      item.firstElementChild.replaceWith(make("a", { href: "?" }, item.firstElementChild.textContent));
      item.hidden = false;
    }
    const order = offerOrders(orders);
    const show = () => {
      const { field, by } = chosen();
      wanted.field = field;
      order(by === "voices");
      showWanted();
      let name = "";
      for (const item of items) {
        const isCurrent = item.dataset.of === field;
        point(item, { in: item.dataset.of, by }, isCurrent);
        if (isCurrent) name = item.firstElementChild.textContent;
        const more = item.closest("details");
        if (field && isCurrent && more) more.open = true;
      }
      for (const item of orders) {
        const isVoices = item.dataset.by === "voices";
        point(item, { in: field, by: isVoices ? "voices" : "" }, isVoices === (by === "voices"));
      }
      find("[role=status]", bar).textContent = field ? countIn(field, name || field) : "";
    };
    bar.onclick = (event) => {
      const link = event.target.closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      history.pushState(null, "", link.href);
      show();
    };
    addEventListener("popstate", show);
    show();
  }

  function countIn(field, name) {
    const papers = reader.papers().filter((paper) => paper.dataset.in);
    const count = papers.filter((paper) => paper.dataset.in === field).length;
    return `${count} of ${papers.length} papers: ${name}`;
  }

  // a function that puts the lines of a page under one heading, those that most people talked about first, or back
  function offerOrders(orders) {
    const homes = orders.length ? reader.papers().map((line) => [line, line.parentElement]) : [];
    const ranked = homes.map(([line]) => line).sort((a, b) => b.dataset.voices - a.dataset.voices);
    const list = make("ul", { class: "lines" });
    if (orders.length) {
      orders[0].closest("ul").hidden = false;
      find(".group").before(make("section", { class: "group", "aria-label": "By people" }, list));
    }
    return (byVoices) => {
      if (byVoices) list.append(...ranked);
      else for (const [line, home] of homes) home.append(line);
    };
  }

  // ---- words

  function offerToFind() {
    const list = reader.papers();
    const box = find("main .find");
    if (!box) return;
    const input = make("input", { type: "search", id: "find", autocomplete: "off" });
    const status = make("span", { role: "status" });
    input.oninput = () => {
      wanted.words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      showWanted();
      const visible = list.filter((paper) => !paper.hidden).length;
      status.textContent = wanted.words.length ? `${visible} of ${list.length} papers` : "";
    };
    box.append(make("label", { for: "find" }, "Find on this page"), input, status);
  }

  document.addEventListener("DOMContentLoaded", () => {
    offerFields();
    offerToFind();
    if (location.hash === "#find") dom.byId("find")?.focus();
  });
})();
