// Reading preferences, saved in this browser only. Every page is complete without this script.
"use strict";
(() => {
  const FOLLOWED = "followed";
  const root = new URL(".", document.currentScript.src);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const { preferences: load, savePreferences: save, getValue, setValue } = readerStorage;

  // another page may have changed the rest
  function prefer(name, value) {
    preferences = { ...load(), [name]: value };
    return save(preferences);
  }

  function make(tag, text, attributes = {}, ...children) {
    const element = document.createElement(tag);
    element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // a formula, from a tree: tag, attributes, content
  function formula([tag, attributes, ...content]) {
    const isMath = tag[0] === "m";
    const element = isMath
      ? document.createElementNS("http://www.w3.org/1998/Math/MathML", tag)
      : document.createElement("code");
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...content.map((part) => (typeof part === "string" ? part : formula(part))));
    return element;
  }

  // a script of the site, which also loads where pages are opened from a disk; it is done even if it fails
  const loaded = new Map();
  function loadScript(address) {
    const { href } = new URL(address, document.baseURI);
    if (!loaded.has(href)) {
      loaded.set(
        href,
        new Promise((done) => {
          const script = make("script", "", { src: href });
          script.onload = script.onerror = () => (script.remove(), done());
          document.head.append(script);
        }),
      );
    }
    return loaded.get(href);
  }

  // ---- size and colors: before anything is drawn

  let preferences = load();

  const shownNow = () => (preferences.show === "summaries" ? "" : preferences.show || ""); // their name in earlier versions

  function applyLook() {
    const { dataset } = document.documentElement;
    dataset.size = preferences.size || "";
    dataset.scheme = preferences.scheme || "";
    dataset.show = shownNow();
  }
  applyLook();

  // ---- times in the reader's zone

  function showLocalTimes() {
    const zone = preferences.zone === "utc" ? "UTC" : undefined;
    const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: zone });
    const name = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short", timeZone: zone });
    for (const time of all("time[datetime*=T]")) {
      const at = new Date(time.dateTime);
      const localTime =
        format.format(at) + " " + name.formatToParts(at).find((part) => part.type === "timeZoneName").value;
      if (time.textContent.includes("UTC") || time.dataset.local) {
        time.dataset.local = "1";
        time.textContent = localTime;
      } else {
        time.title = localTime;
      }
    }
  }

  function showLateNotices() {
    for (const notice of all("[data-due]")) notice.hidden = new Date() < new Date(notice.dataset.due);
  }

  // as the page arrives, before its lines are drawn
  const whileArriving = [showLocalTimes, showLateNotices];
  const arrival = new MutationObserver(() => {
    whileArriving.forEach((act) => act());
    arrival.takeRecords(); // of these changes themselves
  });
  arrival.observe(document, { childList: true, subtree: true });

  // ---- words and authors

  const lines = (text) =>
    (text || "")
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
  const letter = "[\\p{L}\\p{N}]";
  const patterns = new Map(); // as many as somebody follows and hides
  function pattern(word) {
    if (!patterns.has(word)) {
      const plain = word
        .trim()
        .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
        .replace(/\s+/g, "\\s+");
      patterns.set(word, new RegExp(`(?<!${letter})${plain}(?!${letter})`, "iu"));
    }
    return patterns.get(word);
  }
  const firstMatch = (words, text) => words.find((word) => pattern(word).test(text));

  // whom and what the reader follows; in the preferences, as in earlier versions, where IndexedDB keeps nothing
  const LISTS = { follow: "authors", include: "words" };
  let followed = { authors: [], words: [] };
  const whenFollowed = []; // what shows them

  const listsIn = (kept) =>
    Object.fromEntries(Object.entries(LISTS).map(([field, name]) => [name, lines(kept[field])]));
  const strings = (values) =>
    Array.isArray(values) ? values.filter((value) => typeof value === "string" && value.trim()) : [];
  const joined = (one, other) =>
    Object.fromEntries(
      Object.values(LISTS).map((name) => [name, [...new Set([...strings(one[name]), ...strings(other[name])])]]),
    );

  async function loadFollowed() {
    const here = listsIn(load());
    try {
      followed = joined((await getValue(FOLLOWED)) || {}, here);
      if (here.authors.length || here.words.length) await saveFollowed(followed);
    } catch {
      followed = here;
    }
    return followed;
  }

  // whether they are kept
  async function saveFollowed(value) {
    followed = value;
    let isKept = true;
    try {
      await setValue(FOLLOWED, value);
      const { follow, include, ...others } = load();
      const { authors, words } = listsIn({ follow, include });
      const haveMoved =
        authors.every((name) => value.authors.includes(name)) && words.every((word) => value.words.includes(word));
      if (haveMoved && (follow !== undefined || include !== undefined)) save((preferences = others));
    } catch {
      preferences = { ...load(), follow: value.authors.join("\n"), include: value.words.join("\n") };
      isKept = save(preferences);
    }
    whenFollowed.forEach((show) => show());
    return isKept;
  }

  // for scripts that follow, which add to `keys` and `whileArriving`
  const keys = {};
  window.reader = {
    all,
    make,
    formula,
    loadScript,
    firstMatch,
    getValue,
    setValue,
    joined,
    followed: () => followed,
    loadFollowed,
    saveFollowed,
    preference: (name) => preferences[name],
    prefer,
    keys,
    whileArriving,
  };
  const papers = () => all(".entry, .lines > li");
  const AROUND =
    ".gutter, .own, .comment, .counts, .said, .post, .unfolds, .elsewhere, .why, .rest > summary, .links > :not(.category), .more, .mark-of, .voices, p > a";

  // title, authors, abstract and categories of a paper, without quotations and the site's own words
  function ownWords(paper) {
    const copy = paper.cloneNode(true);
    all(AROUND, copy).forEach((part) => part.remove());
    return copy.textContent;
  }

  // where followed words and authors stand, which moves nothing; a browser that cannot mark them says so in a line
  const places = "highlights" in CSS ? new Highlight() : null;
  if (places) CSS.highlights.set("followed", places);

  function markPhrases(part, phrases, except) {
    const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    const markFrom = (node, startOffset, endOffset) =>
      places.add(new StaticRange({ startContainer: node, startOffset, endContainer: node, endOffset }));
    for (let node; (node = texts.nextNode());) {
      if (except && node.parentElement.closest(except)) continue;
      const matches = phrases.flatMap((phrase) => [...node.data.matchAll(new RegExp(pattern(phrase), "giu"))]);
      for (const match of matches) markFrom(node, match.index, match.index + match[0].length);
      const summary = node.parentElement.closest("details:not([open])")?.querySelector("summary");
      if (!matches.length || !summary || summary.contains(node)) continue;
      const opener = summary.querySelector(".more") || summary;
      markFrom(opener, 0, opener.childNodes.length);
    }
  }

  function sort() {
    all(".yours:not(.reason)").forEach((old) => old.remove());
    places?.clear();
    const excluded = lines(preferences.exclude);
    const { authors: names, words } = followed;
    if (![...excluded, ...names, ...words].length) return; // nothing to look for
    for (const paper of papers()) {
      const text = ownWords(paper);
      const byline = all(".authors, .by", paper);
      const authors = byline.map((element) => element.textContent).join(" ");
      const unwanted = firstMatch(excluded, text);
      const author = firstMatch(names, authors || text);
      const word = firstMatch(words, text);
      paper.classList.toggle("folded", Boolean(unwanted));
      paper.classList.toggle("marked", Boolean(author || word));
      const reasons = [];
      if (author) reasons.push(`by ${author}`);
      if (word) reasons.push(`has “${word}”`);
      if (reasons.length) note(paper, reasons.join(", ")).classList.toggle("unseen", Boolean(places));
      if (author) (authors ? byline : [paper]).forEach((part) => places && markPhrases(part, names));
      if (word && places) markPhrases(paper, words, AROUND);
      if (unwanted) note(paper, `hidden: “${unwanted}”`).append(" ", unfold(paper));
    }
  }

  function note(paper, text) {
    const element = make("p", text, { class: "yours" });
    (paper.querySelector(".body > h2") || paper.firstElementChild).after(element);
    return element;
  }

  function unfold(paper) {
    const button = make("button", "show it", { type: "button" });
    button.onclick = () => {
      paper.classList.remove("folded");
      const heading = paper.querySelector("h2 a, a");
      button.parentElement.remove();
      if (heading) heading.focus();
    };
    return button;
  }

  function offerToFollow() {
    const heading = document.querySelector("[data-author]");
    if (!heading) return;
    const name = heading.dataset.author;
    const button = make("button", "", { type: "button" });
    const show = () => {
      button.textContent = followed.authors.includes(name) ? "Unfollow" : "Follow";
    };
    button.onclick = async () => {
      const { authors, words } = await loadFollowed(); // another page may have changed them
      const others = authors.filter((author) => author !== name);
      await saveFollowed({ authors: others.length < authors.length ? others : [...others, name], words });
    };
    whenFollowed.push(show);
    show();
    heading.append(button);
  }

  // ---- the day at a glance

  function offerHowMuch() {
    for (const choice of all("input[name=show]")) {
      choice.checked = choice.value === shownNow();
      choice.onchange = () => show(choice.value);
    }
    if (shownNow() === "everything") unfoldAll(true);
  }

  function unfoldAll(isOpen) {
    for (const rest of all(".entry .rest")) rest.open = isOpen;
  }

  function show(howMuch) {
    const choice = all("input[name=show]").find(({ value }) => value === howMuch);
    if (!choice) return;
    choice.checked = true;
    prefer("show", howMuch);
    applyLook();
    unfoldAll(howMuch === "everything");
  }

  // marks the entry at a third of the window, near the page's end further down, so that each entry has its turn
  function markWhereOneIs() {
    const list = document.querySelector(".glance");
    if (!list) return;
    const links = new Map(all("a[href^='#']", list).map((link) => [link.hash.slice(1), link]));
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
      if (link) list.scrollTop = link.closest("li").offsetTop - list.clientHeight / 2; // only beside the entries is the list a box that scrolls
      current = link;
    };
    addEventListener("scroll", look, { passive: true });
    look();
  }

  // ---- one category of a page's papers, at an address of its own; a program that serves the site chooses itself

  const wanted = { field: "", words: [] };

  // without the words of buttons
  const textOf = (part) => part.textContent.replace(part.querySelector(".own")?.textContent ?? "", "");

  // shows the papers that are in the wanted category and have the wanted words; the numbers of all
  function showWanted() {
    for (const part of all("main [data-in], .lines > li")) {
      const text = wanted.words.length ? textOf(part).toLowerCase() : "";
      part.hidden =
        (wanted.field && part.dataset.in !== wanted.field) || !wanted.words.every((word) => text.includes(word));
    }
    for (const group of all(".group, .still"))
      group.hidden = !all("[data-in], .lines > li", group).some((part) => !part.hidden);
  }

  function offerFields() {
    const bar = document.querySelector(".fields:not([data-live])");
    if (!bar) return;
    const items = all("[data-of]", bar);
    const orders = all("[data-by]", bar);
    const status = bar.querySelector("[role=status]");
    const choice = () =>
      Object.fromEntries(["in", "by"].map((name) => [name, new URLSearchParams(location.search).get(name) || ""]));
    const addressOf = (wish) => "?" + new URLSearchParams(Object.entries(wish).filter(([, value]) => value));
    const mark = (link, isCurrent) =>
      isCurrent ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");

    function show() {
      const { in: field, by } = choice();
      wanted.field = field;
      order(by === "voices");
      showWanted();
      for (const item of items) {
        const link = item.querySelector("a");
        const isCurrent = item.dataset.of === field;
        link.href = addressOf({ in: item.dataset.of, by });
        mark(link, isCurrent);
        if (field && isCurrent && item.closest("details")) item.closest("details").open = true;
      }
      for (const item of orders) {
        const link = item.querySelector("a");
        const isVoices = item.dataset.by === "voices";
        link.href = addressOf({ in: field, by: isVoices ? "voices" : "" });
        mark(link, isVoices === (by === "voices"));
      }
      const papersOfField = papers().filter((paper) => paper.dataset.in);
      const count = papersOfField.filter((paper) => !field || paper.dataset.in === field).length;
      status.textContent = field ? `${count} of ${papersOfField.length} papers: ${field}` : "";
    }

    for (const item of [...items, ...orders]) {
      item.firstElementChild.replaceWith(make("a", item.firstElementChild.textContent, { href: "?" }));
      item.hidden = false;
    }
    bar.onclick = (event) => {
      const link = event.target.closest("a");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      history.pushState(null, "", link.href);
      show();
    };
    const order = offerOrders(orders);
    addEventListener("popstate", show);
    show();
  }

  // a function that puts the lines of a page under one heading, those that most people talked about first, or back
  function offerOrders(orders) {
    const homes = orders.length ? papers().map((line) => [line, line.parentElement]) : [];
    const ranked = homes.map(([line]) => line).sort((a, b) => b.dataset.voices - a.dataset.voices);
    const group = make("section", "", { class: "group", "aria-label": "By people" });
    const list = make("ul", "", { class: "lines" });
    group.append(list);
    if (orders.length) {
      orders[0].closest("ul").hidden = false;
      document.querySelector(".group").before(group);
    }
    return (byVoices) => {
      if (byVoices) list.append(...ranked);
      else for (const [line, home] of homes) home.append(line);
    };
  }

  // ---- find on this page

  function offerToFind() {
    const list = papers();
    const box = document.querySelector("main .find");
    if (!box) return;
    const input = make("input", "", { type: "search", id: "find", autocomplete: "off" });
    const status = make("span", "", { role: "status" });
    input.oninput = () => {
      wanted.words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      showWanted();
      const visible = list.filter((paper) => !paper.hidden).length;
      status.textContent = wanted.words.length ? `${visible} of ${list.length} papers` : "";
    };
    box.append(make("label", "Find on this page", { for: "find" }), input, status);
  }

  // ---- keys

  function step(by) {
    const stops = papers()
      .filter((paper) => paper.checkVisibility())
      .map((paper) => paper.querySelector("h2 a, a:not(.place a)"));
    const links = stops.filter(Boolean);
    const current = links.findIndex((link) => link.closest(".entry, li").contains(document.activeElement));
    const next = links[current < 0 && by < 0 ? 0 : Math.min(Math.max(current + by, 0), links.length - 1)];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.closest(".entry, li").scrollIntoView({ block: "start" });
  }

  const hasShortcuts = () => (preferences.shortcuts ?? "on") === "on"; // until they are switched off (WCAG 2.1.4)

  function find() {
    const input = document.getElementById("find");
    if (input) input.focus();
    else location.assign(new URL("search/index.html#find", root)); // there, it gets the focus
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

  function keyList() {
    const row = ([keys, meaning]) =>
      make(
        "div",
        "",
        {},
        make("dt", "", {}, ...keys.split(" ").flatMap((key) => [make("kbd", key), " "])),
        make("dd", meaning),
      );
    const offered = Object.entries(KEYS).filter(([key]) => key !== "s" || keys.s); // stars are a wing's
    return make("dl", "", { class: "seal" }, ...offered.map(row));
  }

  // focus and place are as before once it is closed
  function showKeys() {
    const close = make("button", "Close", { type: "button" });
    const preferences = make("a", "Preferences", { href: new URL("reading/index.html#keys", root) });
    const dialog = make(
      "dialog",
      "",
      { class: "keys", "aria-labelledby": "keys-title" },
      make("h2", "Keyboard shortcuts", { id: "keys-title" }),
      keyList(),
      make("p", "", { class: "acts" }, close, " ", preferences),
    );
    close.onclick = () => dialog.close();
    dialog.onclick = ({ target }) => target === dialog && dialog.close(); // beside it
    dialog.onclose = () => dialog.remove();
    document.body.append(dialog);
    dialog.showModal();
  }

  document.addEventListener("keydown", (event) => {
    const dialog = document.querySelector("dialog[open]");
    if (dialog && event.key === "?") dialog.close();
    if (dialog) return;
    const isTyping = event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select");
    if (!hasShortcuts() || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    const actions = {
      ...keys,
      j: () => step(1),
      k: () => step(-1),
      1: () => show("titles"),
      2: () => show(""),
      3: () => show("everything"),
      o: () => document.activeElement.click(),
      "[": () => document.querySelector("a[rel=prev]")?.click(),
      "]": () => document.querySelector("a[rel=next]")?.click(),
      "/": find,
      "?": showKeys,
    };
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });

  // ---- copying

  function offerToCopy() {
    for (const text of all("pre[data-file]")) {
      const status = make("span", "", { role: "status" });
      const copy = make("button", "Copy", { type: "button" });
      copy.onclick = () =>
        navigator.clipboard.writeText(text.textContent).then(
          () => (status.textContent = "copied"),
          () => (status.textContent = "your browser blocked copying; please select the text"),
        );
      const download = make("button", "Download", { type: "button" });
      download.onclick = () => {
        const url = URL.createObjectURL(new Blob([text.textContent], { type: "text/plain;charset=utf-8" }));
        make("a", "", { href: url, download: text.dataset.file }).click();
        setTimeout(() => URL.revokeObjectURL(url), 1000);
      };
      const row = make("p", "", { class: "acts" });
      row.append(copy, " ", download, " ", status);
      text.parentElement.after(row);
    }
  }

  // ---- the preferences page

  function offerToChoose() {
    const form = document.getElementById("reading");
    if (!form) return;
    document.getElementById("keys").append(keyList());
    for (const field of form.elements) {
      if (!field.name) continue;
      if (field.type === "checkbox") field.checked = hasShortcuts();
      else if (!(field.name in LISTS)) field.value = preferences[field.name] || "";
    }
    whenFollowed.push(() => {
      for (const [name, list] of Object.entries(LISTS)) {
        const field = form.elements[name];
        if (field !== document.activeElement) field.value = followed[list].join("\n");
      }
    });
    const savePreferences = async (field) => {
      // only what is changed here: another page may have changed the rest
      preferences = load();
      const list = field && LISTS[field.name];
      const text = field && new FormData(form).get(field.name);
      if (field && !list) preferences[field.name] = text || "";
      const isKept = list ? await saveFollowed({ ...(await loadFollowed()), [list]: lines(text) }) : save(preferences);
      document.getElementById("saved").textContent = isKept
        ? "Saved."
        : "Your browser does not let this page save anything.";
      applyLook();
      showLocalTimes();
    };
    form.oninput = (event) => savePreferences(event.target);
    form.onsubmit = (event) => {
      event.preventDefault();
      savePreferences();
    };
  }

  document.addEventListener("DOMContentLoaded", async () => {
    arrival.disconnect();
    showLocalTimes();
    showLateNotices();
    sort();
    offerToFollow();
    offerHowMuch();
    markWhereOneIs();
    offerFields();
    offerToFind();
    offerToCopy();
    offerToChoose();
    if (location.hash === "#find") document.getElementById("find")?.focus();
    await loadFollowed();
    sort();
    whenFollowed.forEach((show) => show());
  });
})();
