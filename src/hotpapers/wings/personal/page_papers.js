// The papers of a page, each with buttons: star, less like this, seen. The list of titles has stars too, and a key.
"use strict";
const pagePapers = (() => {
  document.documentElement.dataset.own = ""; // keeps room for what follows
  const { all, find, make } = dom;
  const DAY = /(\d{4}-\d\d-\d\d)\/(?:all\/)?(?:index\.html)?(?:#.*)?$/;

  // ---- what the page says of itself

  const status = make("span", { role: "status" });
  const report = (...words) => status.replaceChildren(...words);

  function pageDay() {
    const time = find("main h1 time");
    return time ? time.dateTime : DAY.exec(location.href)?.[1];
  }

  // ---- its papers

  function titleOf(element) {
    const heading = find("h1, h2, h3", element);
    const label = find(".badge", heading || element)?.textContent || ""; // that the paper was taken back
    const text = ((find("a", heading || element) || heading)?.textContent || "").trim();
    return text.startsWith(label) ? text.slice(label.length).trim() : text;
  }

  // all of them, also those that are folded; of a line that names only the first of them, `hasMore` says so
  function authorsOf(element) {
    const parts = all(".authors, .by", element).flatMap((names) =>
      names.matches("details") ? [find("summary", names).firstChild, ...all("p", names)] : [names],
    );
    return parts.map(({ textContent }) => textContent).join(", ");
  }

  function dayOf(element) {
    if (element.dataset.day) return element.dataset.day;
    const addresses = all("a[href*='index.html#']", element).map(({ href }) => DAY.exec(href));
    const issue = addresses.find(Boolean);
    return element.matches("article.paper, .lines > li") && issue ? issue[1] : pageDay();
  }

  function paperOf(element, place) {
    const id = element.dataset.paper;
    const title = titleOf(element);
    return {
      element,
      id,
      title,
      place,
      authors: authorsOf(element),
      hasMore: find(".by[data-more], math", element) !== null,
      isHere: element.matches("article.paper") || find(`a[href$="paper/${id}/index.html"]`, element) !== null,
      day: dayOf(element),
      text: `${title} ${find(".lead", element)?.textContent || ""}`,
      states: [],
    };
  }

  const LISTS = [".still > ul > li", ".still > details > ul > li", ".lines > li"];
  const PAPERS = [".entry", ...LISTS, "article.paper"].map((kind) => `${kind}[data-paper]`);
  const here = () => all(PAPERS.join()).map(paperOf);

  // to its page, if the site has one, else to its server's
  function link({ id, title, isHere }) {
    const address = isHere ? new URL(`paper/${encodeURI(id)}/index.html`, dom.root) : dom.paperAddress(id);
    const element = make("a", id ? { href: address } : {}, title || dom.doiOf(id));
    if (id && !isHere) element.rel = "noopener noreferrer nofollow";
    return element;
  }

  // ---- what is kept of a paper

  async function kept({ id, title, authors, hasMore, day, isHere }) {
    const [file, sentences] = day ? await Promise.all([dayFiles.vectors(day), dayFiles.sentences(day)]) : [];
    const words = file?.packed.has(id)
      ? paperVectors.unpack(file, id)
      : [...paperVectors.vector(title, "", await dayFiles.terms())];
    const row = hasMore && day ? (await dayFiles.papers(day)).get(id) : null;
    const names = (row ? row.authors : authors).split(", ").map((name) => name.trim());
    const at = new Date().toISOString();
    const sentence = sentences?.get(id) || "";
    return { id, title: row?.title || title, authors: names.filter(Boolean), at, words, isHere, sentence };
  }

  // A list with a paper or without it: as its button shows, whatever another page has kept meanwhile. The paper's files
  // are read before, as other pages wait for each change.
  async function choose(name, paper, isWanted) {
    const wanted = isWanted ? await kept(paper) : null;
    return paperChoices.change((choices) => {
      const papers = choices[name];
      const others = papers.filter(({ id }) => id !== paper.id);
      if (!wanted) return { [name]: others };
      return { [name]: others.length < papers.length ? papers : [...others, wanted] };
    });
  }

  // ---- buttons

  const star = (paper, isWanted) => choose("stars", paper, isWanted);
  const isStarred = ({ id }) => paperChoices.has(paperChoices.now().stars, id);

  function button(paper, text, isOn, act, attributes = {}) {
    const element = dom.button(text, () => act(!isOn()), { "aria-pressed": isOn(), ...attributes });
    paper.states.push([element, isOn]);
    return element;
  }

  function starButton(paper, text, attributes = {}) {
    const isOn = () => isStarred(paper);
    return button(paper, text, isOn, (isWanted) => star(paper, isWanted), attributes);
  }

  function addButtons(paper) {
    const { id } = paper;
    const isUnwanted = () => paperChoices.has(paperChoices.now().unwanted, id);
    const unwant = (isWanted) => choose("unwanted", paper, isWanted);
    const isSeen = () => paperChoices.now().seen.includes(id);
    const see = (isWanted) =>
      paperChoices.change(({ seen }) => {
        const others = seen.filter((other) => other !== id);
        return { seen: isWanted ? [...others, id] : others };
      });
    const second = { class: "second" };
    const buttons = [
      starButton(paper, "★ star"),
      button(paper, "less like this", isUnwanted, unwant, second),
      button(paper, "seen", isSeen, see, second),
    ];
    const row = make("p", { class: "own" }, ...buttons.flatMap((element) => [element, " "]));
    (find(".body, .head", paper.element) || paper.element).append(row);
    paper.refresh = () => {
      for (const [element, isOn] of paper.states) element.setAttribute("aria-pressed", isOn());
      paper.element.classList.toggle("put-away", paperChoices.now().hideSeen && isSeen());
    };
    paperChoices.whenChanged.push(paper.refresh); // on this page or another one
  }

  // before each title of the list
  function addToTitles(papers) {
    const byAnchor = new Map(papers.map((paper) => [paper.element.id, paper]));
    for (const line of all(".glance li")) {
      const paper = byAnchor.get(find("a", line).hash.slice(1));
      if (paper) line.prepend(starButton(paper, "", { class: "star", "aria-label": `star ${paper.title}` }));
    }
  }

  // ---- the key s: the paper with the focus, else the one that crosses the upper third of the window

  function current(papers) {
    const focused = find(":focus");
    const line = focused?.closest(".glance li");
    const anchor = line && find("a", line).hash.slice(1);
    const crosses = ({ bottom }) => bottom > innerHeight * 0.3;
    return (
      papers.find(({ element }) => (anchor && element.id === anchor) || (focused && element.contains(focused))) ||
      papers.find(({ element }) => element.checkVisibility() && crosses(element.getBoundingClientRect()))
    );
  }

  function offerKey(papers) {
    reader.keys.s = async () => {
      const paper = current(papers);
      if (!paper) return;
      await star(paper, !isStarred(paper));
      if (!paperChoices.problem()) report(`${isStarred(paper) ? "Starred" : "No longer starred"}: ${paper.title}`);
    };
  }

  return { all: here, link, addButtons, addToTitles, offerKey, status, report };
})();
