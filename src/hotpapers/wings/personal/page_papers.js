// The papers of a page, each with buttons: star, less like this, seen. Stars are also in the list of titles, and on a key.
"use strict";
const pagePapers = (() => {
  document.documentElement.dataset.own = ""; // keeps room for what follows
  reader.keys.s = () => {}; // listed on every page, until papers offer it
  const { all, make } = reader;
  const IN_LINK = /paper\/(.+)\/index\.html$|arxiv\.org\/abs\/(.+)$/;
  const DAY = /(\d{4}-\d\d-\d\d)\/(?:all\/)?(?:index\.html)?(?:#.*)?$/;

  // ---- what the page says of itself

  const status = make("span", "", { role: "status" });
  const report = (...words) => status.replaceChildren(...words);

  function pageDay() {
    const time = document.querySelector("main h1 time");
    return time ? time.dateTime : (DAY.exec(location.href) || [])[1];
  }

  // ---- its papers

  const nearFacts = (line) => line.querySelector("p").textContent.split(" · "); // closeness, day, voices
  const nearDay = (line) => new Date(`${nearFacts(line)[1]} UTC`).toISOString().slice(0, 10);

  function titleOf(element) {
    const heading = element.querySelector("h1, h2, h3");
    const link = (heading || element).querySelector("a");
    return (link ? link.textContent : heading?.textContent || "").trim();
  }

  // all of them, also those that are folded
  function authorsOf(element) {
    const parts = all(".authors, .by", element).flatMap((names) =>
      names.matches("details") ? [names.querySelector("summary").firstChild, ...all("p", names)] : [names],
    );
    return parts.map(({ textContent }) => textContent).join(", ");
  }

  function dayOf(element) {
    if (element.matches(".near > li")) return nearDay(element);
    const issue = all("a[href*='index.html#']", element)
      .map(({ href }) => DAY.exec(href))
      .find(Boolean);
    return element.matches("article.paper, .lines > li") && issue ? issue[1] : pageDay();
  }

  function paperOf(element, place) {
    const links = element.matches("article.paper")
      ? [{ href: location.href }, ...all("a", element)]
      : all("a", element);
    const match = links.map(({ href }) => IN_LINK.exec(href.split(/[?#]/)[0])).find(Boolean);
    const title = titleOf(element);
    const lead = element.querySelector(".lead")?.textContent || "";
    return {
      element,
      title,
      authors: authorsOf(element),
      place,
      id: match ? decodeURIComponent(match[1] || match[2]) : "",
      isHere: Boolean(match?.[1]),
      day: dayOf(element),
      text: `${title} ${lead}`,
      states: [],
    };
  }

  const here = () =>
    all(".entry, .still > ul > li, .lines > li, article.paper")
      .map(paperOf)
      .filter(({ id, title }) => id && title);

  // to its page, if the site has one, else to arXiv's
  function link({ id, title, isHere }) {
    if (isHere) return make("a", title || id, { href: new URL(`paper/${encodeURI(id)}/index.html`, dayFiles.root) });
    return make(
      "a",
      title || id,
      id ? { href: `https://arxiv.org/abs/${encodeURI(id)}`, rel: "noopener noreferrer nofollow" } : {},
    );
  }

  // ---- what is kept of a paper

  async function kept({ id, title, authors, day, isHere }) {
    const [file, sentences] = day ? await Promise.all([dayFiles.vectors(day), dayFiles.sentences(day)]) : [];
    const words = file?.packed.has(id)
      ? paperVectors.unpack(file, id)
      : [...paperVectors.vector(title, "", await dayFiles.terms())];
    const names = authors
      .split(", ")
      .map((name) => name.trim())
      .filter(Boolean);
    return {
      id,
      title,
      authors: names,
      at: new Date().toISOString(),
      words,
      isHere,
      sentence: sentences?.get(id) || "",
    };
  }

  async function without(papers, paper) {
    const others = papers.filter(({ id }) => id !== paper.id);
    return others.length < papers.length ? others : [...others, await kept(paper)];
  }

  const toggled = (seen, id) => (seen.includes(id) ? seen.filter((other) => other !== id) : [...seen, id]);

  // ---- buttons

  const star = (paper) => change(paper, async ({ stars }) => ({ stars: await without(stars, paper) }));
  const isStarred = ({ id }) => paperChoices.has(paperChoices.now().stars, id);

  async function change(paper, act) {
    await paperChoices.change(act);
    paper.refresh();
  }

  function button(paper, text, isOn, act, attributes = {}) {
    const element = make("button", text, { type: "button", "aria-pressed": isOn(), ...attributes });
    element.onclick = act;
    paper.states.push([element, isOn]);
    return element;
  }

  function addButtons(paper) {
    const { id } = paper;
    const unwant = () => change(paper, async ({ unwanted }) => ({ unwanted: await without(unwanted, paper) }));
    const see = () => change(paper, ({ seen }) => ({ seen: toggled(seen, id) }));
    const row = make("p", "", { class: "own" });
    row.append(
      button(
        paper,
        "★ star",
        () => isStarred(paper),
        () => star(paper),
      ),
      " ",
      button(paper, "less like this", () => paperChoices.has(paperChoices.now().unwanted, id), unwant, {
        class: "second",
      }),
      " ",
      button(paper, "seen", () => paperChoices.now().seen.includes(id), see, { class: "second" }),
      " ",
    );
    (paper.element.querySelector(".body, .head") || paper.element).append(row);
    paper.refresh = () => {
      for (const [element, isOn] of paper.states) element.setAttribute("aria-pressed", isOn());
      paper.element.classList.toggle("put-away", paperChoices.now().hideSeen && paperChoices.now().seen.includes(id));
    };
  }

  // before each title of the list
  function addToTitles(papers) {
    const byAnchor = new Map(papers.map((paper) => [paper.element.id, paper]));
    for (const line of all(".glance li")) {
      const paper = byAnchor.get(line.querySelector("a").hash.slice(1));
      if (paper)
        line.prepend(
          button(
            paper,
            "",
            () => isStarred(paper),
            () => star(paper),
            { class: "star", "aria-label": `star ${paper.title}` },
          ),
        );
    }
  }

  // ---- the key s: the paper with the focus, else the one that crosses the upper third of the window

  function current(papers) {
    const focused = document.activeElement;
    const anchor = focused.closest(".glance li")?.querySelector("a").hash.slice(1);
    const crosses = ({ bottom }) => bottom > innerHeight * 0.3;
    return (
      papers.find(
        ({ element }) => (anchor && element.id === anchor) || (element !== document.body && element.contains(focused)),
      ) || papers.find(({ element }) => element.checkVisibility() && crosses(element.getBoundingClientRect()))
    );
  }

  function offerKey(papers) {
    reader.keys.s = async () => {
      const paper = current(papers);
      if (!paper) return;
      await star(paper);
      if (!paperChoices.trouble()) report(`${isStarred(paper) ? "Starred" : "No longer starred"}: ${paper.title}`);
    };
  }

  return { all: here, link, addButtons, addToTitles, offerKey, status, report, nearFacts, nearDay };
})();
