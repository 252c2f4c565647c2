// What a reader starred, does not want, and has seen: one value in IndexedDB, in this browser only.
"use strict";
const paperChoices = (() => {
  const KEY = "choices";
  const DAMAGED = "damaged choices";
  const STARRED = "starred";
  const LISTS = ["stars", "unwanted", "seen"];
  const NOT_KEPT =
    "Your browser does not let this page keep anything (private mode, or storage is blocked): " +
    "what you star is forgotten when you leave.";
  const PARTLY_READ = "Some of what was kept in this browser cannot be read. It is left out here, and kept aside.";
  const FULL = "The browser’s storage is full: this was not kept. Export your papers and remove some, or make room.";
  const { strings } = readerWords;
  const { getValue, setValue, inTurn } = readerStorage;
  const whenChanged = [myPapersLink.show]; // what shows them

  const empty = () => ({ stars: [], unwanted: [], seen: [], hideSeen: false });
  let choices = empty();
  let problem = "";

  const isPaper = (paper) =>
    paper &&
    typeof paper.id === "string" &&
    typeof paper.title === "string" &&
    Array.isArray(paper.words) &&
    paper.words.every(paperVectors.isWord);
  const paperIn = (paper) => ({
    ...paper,
    authors: strings(paper.authors),
    at: `${paper.at || ""}`,
    sentence: `${paper.sentence || ""}`,
  });
  const papersIn = (values) => (Array.isArray(values) ? values.filter(isPaper) : []).map(paperIn);

  async function read() {
    await reader.loadFollowed();
    try {
      const kept = (await getValue(KEY)) || {};
      choices = {
        stars: papersIn(kept.stars),
        unwanted: papersIn(kept.unwanted),
        seen: strings(kept.seen),
        hideSeen: kept.hideSeen === true,
      };
      const isWhole = LISTS.every((name) => !kept[name] || kept[name].length === choices[name].length);
      if (!isWhole) await putAside(kept);
    } catch {
      problem = NOT_KEPT;
    }
    tell();
  }

  async function putAside(kept) {
    await setValue(DAMAGED, kept); // before anything takes its place
    problem = PARTLY_READ;
  }

  async function keep() {
    try {
      await setValue(KEY, choices);
      problem = "";
    } catch (error) {
      problem = error?.name === "QuotaExceededError" ? FULL : NOT_KEPT;
      if (problem === FULL) await read(); // shows what is kept
    }
    tell();
  }

  // a preference says whether anything is starred: see my_papers_link.js
  function tell() {
    const starred = choices.stars.length ? "yes" : undefined;
    if (reader.preference(STARRED) !== starred) reader.prefer({ [STARRED]: starred });
    whenChanged.forEach((show) => show());
  }

  const load = () => inTurn(read);

  // another page may have changed them
  const change = (act) =>
    inTurn(async () => {
      await read();
      choices = { ...choices, ...(await act(choices)) };
      await keep();
    });

  const forget = () =>
    inTurn(async () => {
      choices = empty();
      await reader.loadFollowed(); // moves what earlier versions kept elsewhere, to be forgotten with the rest
      await reader.saveFollowed({ authors: [], words: [] });
      await keep();
      if (!problem) await setValue(DAMAGED, null);
    });

  const has = (papers, id) => papers.some((paper) => paper.id === id);

  return {
    load,
    change,
    forget,
    has,
    whenChanged,
    now: () => choices,
    problem: () => problem,
  };
})();
