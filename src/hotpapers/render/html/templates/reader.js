// Reading preferences, saved in this browser only. Every page is complete without this script.
"use strict";
(() => {
  const KEY = "hotpapers";
  const root = new URL(".", document.currentScript.src);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  function load() {
    try {
      const entries = Object.entries(JSON.parse(localStorage.getItem(KEY)) || {});
      return Object.fromEntries(entries.filter(([, value]) => typeof value === "string"));
    } catch {
      return {};
    }
  }

  function save(preferences) {
    try {
      localStorage.setItem(KEY, JSON.stringify(preferences));
      return true;
    } catch {
      return false;
    }
  }

  function make(tag, text, attributes = {}) {
    const element = document.createElement(tag);
    element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  // ---- size and colors: before anything is drawn

  let preferences = load();

  function applyLook() {
    const { dataset } = document.documentElement;
    dataset.size = preferences.size || "";
    dataset.scheme = preferences.scheme || "";
  }
  applyLook();

  // ---- times in the reader's zone

  function showLocalTimes() {
    const zone = preferences.zone === "utc" ? "UTC" : undefined;
    const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: zone });
    const name = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short", timeZone: zone });
    for (const time of all("time[datetime*=T]")) {
      const at = new Date(time.dateTime);
      const localTime = format.format(at) + " " + name.formatToParts(at).find((part) => part.type === "timeZoneName").value;
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

  // ---- words and authors

  const lines = (text) => (text || "").split("\n").map((line) => line.trim()).filter(Boolean);
  const letter = "[\\p{L}\\p{N}]";
  const pattern = (word) =>
    new RegExp(`(?<!${letter})${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+")}(?!${letter})`, "iu");
  const firstMatch = (words, text) => lines(words).find((word) => pattern(word).test(text));
  const papers = () => all(".entry, .lines > li");
  const AROUND = ".gutter, .counts, .post, .unfolds, .elsewhere, .why, .links > :not(.category), .more, .mark-of, .abstract > summary, p > a";

  // title, authors, abstract and categories of a paper, without quotations and the site's own words
  function ownWords(paper) {
    const copy = paper.cloneNode(true);
    all(AROUND, copy).forEach((part) => part.remove());
    return copy.textContent;
  }

  function sort() {
    for (const paper of papers()) {
      all(".yours", paper).forEach((old) => old.remove());
      const text = ownWords(paper);
      const authors = all(".authors, .by", paper).map((element) => element.textContent).join(" ");
      const unwanted = firstMatch(preferences.exclude, text);
      const author = firstMatch(preferences.follow, authors || text);
      const word = firstMatch(preferences.include, text);
      paper.classList.toggle("folded", Boolean(unwanted));
      paper.classList.toggle("marked", Boolean(author || word));
      const reasons = [];
      if (author) reasons.push(`by ${author}`);
      if (word) reasons.push(`has “${word}”`);
      if (reasons.length) note(paper, reasons.join(", "));
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
      button.textContent = lines(preferences.follow).includes(name) ? "Unfollow" : "Follow";
    };
    button.onclick = () => {
      preferences = load(); // another page may have changed them
      const others = lines(preferences.follow).filter((author) => author !== name);
      const authors = others.length < lines(preferences.follow).length ? others : [...others, name];
      preferences = { ...preferences, follow: authors.join("\n") };
      save(preferences);
      show();
    };
    show();
    heading.append(button);
  }

  // ---- find on this page

  function offerToFind() {
    const list = papers();
    const head = document.querySelector("main .head");
    const long = list.length > 11 && list[0].matches("li");
    if (!head || list.length < 2 || !(long || preferences.shortcuts === "on")) return;
    const box = make("div", "", { class: "find", role: "search" });
    const input = make("input", "", { type: "search", id: "find", autocomplete: "off" });
    const status = make("span", "", { role: "status" });
    input.oninput = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let visible = 0;
      for (const paper of list) {
        const text = paper.textContent.toLowerCase();
        paper.hidden = !words.every((word) => text.includes(word));
        visible += !paper.hidden;
      }
      status.textContent = words.length ? `${visible} of ${list.length} papers` : "";
    };
    box.append(make("label", "Find on this page", { for: "find" }), " ", input, " ", status);
    head.append(box);
  }

  // ---- keys

  function step(by) {
    const stops = papers().filter((paper) => !paper.hidden).map((paper) => paper.querySelector("h2 a, a:not(.place a)"));
    const links = stops.filter(Boolean);
    const current = links.findIndex((link) => link.closest(".entry, li").contains(document.activeElement));
    const next = links[current < 0 && by < 0 ? 0 : Math.min(Math.max(current + by, 0), links.length - 1)];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.closest(".entry, li").scrollIntoView({ block: "start" });
  }

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input:not([type=checkbox]), textarea, select");
    if (preferences.shortcuts !== "on" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    const actions = {
      j: () => step(1),
      k: () => step(-1),
      "/": () => (document.getElementById("find") || document.body).focus(),
      "?": () => location.assign(new URL("reading/index.html#keys", root)),
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
    document.getElementById("unscripted").remove();
    form.hidden = false;
    for (const field of form.elements) {
      if (!field.name) continue;
      if (field.type === "checkbox") field.checked = preferences[field.name] === field.value;
      else field.value = preferences[field.name] || "";
    }
    const savePreferences = (field) => { // only what is changed here: another page may have changed the rest
      preferences = load();
      if (field) preferences[field.name] = new FormData(form).get(field.name) || "";
      document.getElementById("saved").textContent = save(preferences) ? "Saved." : "Your browser does not let this page save anything.";
      applyLook();
      showLocalTimes();
    };
    form.oninput = (event) => savePreferences(event.target);
    form.onsubmit = (event) => {
      event.preventDefault();
      savePreferences();
    };
  }

  document.addEventListener("DOMContentLoaded", () => {
    showLocalTimes();
    showLateNotices();
    sort();
    offerToFollow();
    offerToFind();
    offerToCopy();
    offerToChoose();
  });
})();
