// Reading preferences, saved in this browser only. Every page is complete without this script.
"use strict";
const reader = (() => {
  const FOLLOWED = "followed";
  const { all } = dom;
  const { strings, lines } = readerWords;
  const { preferences: load, savePreferences: save, getValue, setValue } = readerStorage;

  // ---- size and colors: before anything is drawn

  let preferences = load();

  const preference = (name) => preferences[name];

  let isKeeping = true; // whether the browser keeps preferences

  // another page may have changed the rest
  function prefer(changes) {
    preferences = { ...(isKeeping ? load() : preferences), ...changes };
    isKeeping = save(preferences);
    return isKeeping;
  }

  // in earlier versions, summaries had their name
  const shownNow = () => (preferences.show === "summaries" ? "" : preferences.show || "");
  const hasShortcuts = () => (preferences.shortcuts ?? "on") === "on"; // until they are switched off (WCAG 2.1.4)

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
      const zoneName = name.formatToParts(at).find((part) => part.type === "timeZoneName").value;
      time["moment" in time.dataset ? "textContent" : "title"] = `${format.format(at)} ${zoneName}`;
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

  // ---- whom and what the reader follows; in the preferences, as in earlier versions, where IndexedDB keeps nothing

  const LISTS = { follow: "authors", include: "words" };
  let followed = { authors: [], words: [] };
  let isRead = false; // whether this page has read all of them; only then may its own replace them
  const whenFollowed = []; // what shows them

  const listsIn = ({ follow = "", include = "" }) => ({ authors: lines(follow), words: lines(include) });
  const union = (first, other) => [...new Set([...strings(first), ...strings(other)])].filter((text) => text.trim());
  const joined = (first, other) => ({
    authors: union(first.authors, other.authors),
    words: union(first.words, other.words),
  });

  async function loadFollowed() {
    const kept = load();
    const here = listsIn(kept);
    try {
      const others = kept.lists ? {} : (await getValue(FOLLOWED)) || {};
      isRead = true;
      followed = joined(others, here);
      if (kept.lists || here.authors.length || here.words.length) await saveFollowed(followed);
    } catch {
      followed = joined(followed, here);
    }
    whenFollowed.forEach((show) => show());
    return followed;
  }

  // when this page is looked at again, since another one may have changed what is kept
  function whenBack(act) {
    document.addEventListener("visibilitychange", () => document.hidden || act());
    addEventListener("pageshow", ({ persisted }) => persisted && act());
  }

  // whether they are kept
  async function saveFollowed(value) {
    followed = value;
    let isKept = true;
    try {
      if (!isRead) throw new Error("others are there");
      await setValue(FOLLOWED, value);
      const { follow, include, lists, ...others } = load();
      const { authors, words } = listsIn({ follow, include });
      const haveMoved =
        authors.every((name) => value.authors.includes(name)) && words.every((word) => value.words.includes(word));
      if (haveMoved && (lists ?? follow ?? include) !== undefined) save((preferences = others));
    } catch {
      const lists = isRead ? "all" : ""; // instead of those in IndexedDB, or added to them
      isKept = prefer({ follow: value.authors.join("\n"), include: value.words.join("\n"), lists });
    }
    whenFollowed.forEach((show) => show());
    return isKept;
  }

  document.addEventListener("DOMContentLoaded", () => {
    arrival.disconnect();
    showLocalTimes();
    showLateNotices();
  });

  return {
    preference,
    prefer,
    shownNow,
    hasShortcuts,
    applyLook,
    showLocalTimes,
    LISTS,
    joined,
    followed: () => followed,
    loadFollowed,
    saveFollowed,
    whenFollowed,
    whenBack,
    papers: () => all(".entry, .lines > li"),
    keys: {}, // of scripts that follow: what each does
    whileArriving,
  };
})();
