// A reader's own order. What is starred is kept in this browser only; every page is complete without this script.
"use strict";
(() => {
  const root = new URL(".", document.currentScript.src);
  document.documentElement.dataset.own = ""; // keeps room for what follows
  const KEY = "choices", DAMAGED = "damaged choices";
  const WHOLE = 10000, BY_AUTHOR = 2 * WHOLE, BY_WORD = WHOLE, SHOWN_WORDS = 3, MAX_SHOWN = 100, MAX_NAMES = 3, MAX_DAYS = 31;
  const NOT_KEPT = "Your browser does not let this page keep anything (private mode, or storage is blocked): what you star is forgotten when you leave.";
  const PARTLY_READ = "Some of what was kept in this browser cannot be read. It is left out here, and kept aside.";
  const FULL = "The browser’s storage is full: this was not kept. Export your papers and remove some, or make room.";
  const { all, make, firstMatch } = reader;

  // ---- what is kept: one value in IndexedDB

  const empty = () => ({ stars: [], unwanted: [], seen: [], hideSeen: false });
  let choices = empty(), trouble = "";

  const isPaper = (paper) => paper && typeof paper.id === "string" && typeof paper.title === "string" && Array.isArray(paper.words) && paper.words.every(paperLibrary.isWord);
  const strings = (values) => (Array.isArray(values) ? values.filter((value) => typeof value === "string") : []);
  const starredIn = (values) => (Array.isArray(values) ? values.filter(isPaper) : []).map((paper) => ({ ...paper, authors: strings(paper.authors), at: `${paper.at || ""}` }));

  async function load() {
    await reader.loadFollowed();
    try {
      const kept = (await reader.getValue(KEY)) || {};
      choices = { stars: starredIn(kept.stars), unwanted: starredIn(kept.unwanted), seen: strings(kept.seen), hideSeen: kept.hideSeen === true };
      const isWhole = ["stars", "unwanted", "seen"].every((name) => !kept[name] || kept[name].length === choices[name].length);
      if (isWhole) return;
      await reader.setValue(DAMAGED, kept); // before anything takes its place
      trouble = PARTLY_READ;
    } catch {
      trouble = NOT_KEPT;
    }
  }

  async function keep() {
    try {
      await reader.setValue(KEY, choices);
      trouble = "";
    } catch (problem) {
      trouble = problem && problem.name === "QuotaExceededError" ? FULL : NOT_KEPT;
    }
    if (trouble) report(trouble);
  }

  // ---- files of the site: scripts, which pages may load from a disk, too

  const loaded = new Map(), arrived = new Map();
  window.paperVectorsOf = (file) => arrived.set(file.day, paperVectors.dayFile(file));
  window.dayPapers = ({ day, papers }) => arrived.set(`papers ${day}`, new Map(Object.entries(papers)));
  window.paperTerms = (table) => arrived.set("terms", paperVectors.levels(table));

  function fetchScript(path, name) {
    if (!loaded.has(name)) {
      loaded.set(name, new Promise((done) => {
        const script = make("script", "", { src: new URL(path, root) });
        script.onload = script.onerror = () => done(arrived.get(name));
        document.head.append(script);
      }));
    }
    return loaded.get(name);
  }

  const vectorsOf = (day) => fetchScript(`${day}/vectors.js`, day); // undefined if it has not come
  const papersOf = async (day) => (await fetchScript(`${day}/papers.js`, `papers ${day}`)) || new Map();
  const terms = async () => (await fetchScript("terms.js", "terms")) || new Map();

  // ---- the papers of this page

  const IN_LINK = /paper\/(.+)\/index\.html$|arxiv\.org\/abs\/(.+)$/, DAY = /(\d{4}-\d\d-\d\d)\/(?:all\/)?(?:index\.html)?(?:#.*)?$/;
  const pageDay = () => {
    const time = document.querySelector("main h1 time");
    return time ? time.dateTime : (DAY.exec(location.href) || [])[1];
  };

  const nearFacts = (line) => line.querySelector("p").textContent.split(" · "); // closeness, day, voices
  const nearDay = (line) => new Date(`${nearFacts(line)[1]} UTC`).toISOString().slice(0, 10);

  function papersHere() {
    return all(".entry, .still > ul > li, .lines > li, article.paper").map((element, place) => {
      const heading = element.querySelector("h1, h2, h3") || element;
      const links = element.matches("article.paper") ? [{ href: location.href }, ...all("a", element)] : all("a", element);
      const match = links.map(({ href }) => IN_LINK.exec(href.split(/[?#]/)[0])).find(Boolean);
      const issue = all("a[href*='index.html#']", element).map(({ href }) => DAY.exec(href)).find(Boolean);
      const title = heading === element ? element.querySelector("a")?.textContent || "" : heading.querySelector("a")?.textContent || heading.textContent;
      const authors = all(".authors, .by", element).map((names) => names.textContent).join(", ");
      const day = element.matches(".near > li") ? nearDay(element)
        : element.matches("article.paper, .lines > li") && issue ? issue[1] : pageDay();
      return { element, id: match ? decodeURIComponent(match[1] || match[2]) : "", title: title.trim(), authors, day, place, text: `${title} ${element.querySelector(".lead")?.textContent || ""}` };
    }).filter(({ id, title }) => id && title);
  }

  const has = (papers, id) => papers.some((paper) => paper.id === id);

  async function kept({ id, title, authors, day }) {
    const file = day && (await vectorsOf(day));
    const words = file?.packed.has(id) ? paperVectors.unpack(file, id) : [...paperVectors.vector(title, "", await terms())];
    return { id, title, authors: authors.split(", ").map((name) => name.trim()).filter(Boolean), at: new Date().toISOString(), words };
  }

  // ---- buttons beside each paper

  function addButtons(paper) {
    const row = make("p", "", { class: "own" });
    const button = (text, isOn, act) => {
      const element = make("button", text, { type: "button", "aria-pressed": isOn() });
      element.onclick = async () => {
        await load(); // another page may have changed them
        await act();
        await keep();
        paper.refresh();
      };
      states.push([element, isOn]);
      row.append(element, " ");
    };
    const states = [];
    const toggle = async (name) => {
      const others = choices[name].filter(({ id }) => id !== paper.id);
      choices[name] = others.length < choices[name].length ? others : [...others, await kept(paper)];
    };
    button("★ star", () => has(choices.stars, paper.id), () => toggle("stars"));
    button("not this", () => has(choices.unwanted, paper.id), () => toggle("unwanted"));
    button("seen", () => choices.seen.includes(paper.id), () => {
      const others = choices.seen.filter((id) => id !== paper.id);
      choices.seen = others.length < choices.seen.length ? others : [...others, paper.id];
    });
    (paper.element.querySelector(".body, .head") || paper.element).append(row);
    paper.refresh = () => {
      for (const [other, state] of states) other.setAttribute("aria-pressed", state());
      paper.element.classList.toggle("put-away", choices.hideSeen && choices.seen.includes(paper.id));
    };
  }

  // ---- the order: as in own_order.py

  const NO_FILE = { words: [], packed: new Map() };

  // files: of the days of the papers. A place's reason is told when it is shown
  function ordered(papers, files, { stars, unwanted }, following) {
    const index = paperVectors.indexed(stars), far = paperVectors.indexed(unwanted), { near, likes, pulls } = paperVectors.learn(stars, files);
    const sets = [...files, NO_FILE].map((file) => ({ file, near: { ...paperVectors.placed(index, file), liked: likes.get(file), pulls }, far: paperVectors.placed(far, file) }));
    const starred = new Set(stars.map(({ id }) => id));
    const places = papers.filter(({ id }) => !starred.has(id)).map((paper) => {
      const set = sets.find(({ file }) => file.packed.has(paper.id)) || sets.at(-1);
      const closeness = near.get(paper.id) || 0;
      const worst = unwanted.length ? paperVectors.highest(set.far, paper.id) : 0;
      const author = firstMatch(following.authors, paper.authors), word = firstMatch(following.words, paper.text);
      const value = closeness + (author ? BY_AUTHOR : 0) + (word ? BY_WORD : 0) - Math.floor(worst / 2);
      return { paper, value, near: closeness, reason: () => reasonOf(closeness ? nearOf(paper, set.near, stars) : "", author, word) };
    });
    return places.sort((one, other) => other.value - one.value || one.paper.place - other.paper.place);
  }
  window.paperOrder = ordered;

  function nearOf({ id }, near, stars) {
    const { first, words } = paperVectors.nearest(near, id, SHOWN_WORDS), star = stars[first];
    return `near “${star.title || star.id}”: ${words.join(", ")}`;
  }

  const reasonOf = (near, author, word) => [near, author && `by ${author}, whom you follow`, word && `has “${word}”`].filter(Boolean).join(" · ");

  // ---- the papers of a week or a month: of each day those announced and those in its issue, not only those of the page

  const sayDay = (day) => new Date(day).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });

  // with all their authors, of whom a page may name some only
  async function named(papers, days) {
    const here = new Map(papers.map((paper) => [paper.id, paper]));
    for (const [n, rows] of (await Promise.all(days.map(papersOf))).entries()) {
      for (const [id, [title, authors, field, issuePlace]] of rows) {
        const known = here.get(id);
        if (known) known.authors = authors;
        else here.set(id, { id, title, authors, field, issuePlace, day: days[n], place: here.size, text: title });
      }
    }
    return [...here.values()];
  }

  // a paper that the page does not list, as one that it does
  function lineOf({ id, title, authors, field, issuePlace, day }) {
    const names = authors.split(", "), others = names.length - MAX_NAMES;
    const inIssue = issuePlace !== undefined, hash = inIssue ? `#${id.replace("/", "-")}` : "";
    const by = names.slice(0, MAX_NAMES).join(", ") + (others > 0 ? ` and ${others} more` : "");
    const issue = make("a", `${issuePlace ? `place ${issuePlace}, ` : ""}${sayDay(day)}`, { href: new URL(`${day}/index.html${hash}`, root) });
    const link = make("a", title, inIssue ? { href: new URL(`paper/${id}/index.html`, root) }
      : { href: `https://arxiv.org/abs/${id}`, rel: "noopener noreferrer nofollow" });
    return make("li", "", { "data-in": field }, link, make("p", "", {}, make("span", by, { class: "by" }), ` · ${id} · `, issue));
  }

  let goBack = null; // to the public order

  function showPublic(papers, list, rest) {
    const places = papers.map(({ element }) => [element, element.parentNode, element.nextSibling]).reverse();
    const glance = all(".glance li");
    return () => {
      glance[0]?.parentNode.append(...glance);
      all(".reason").forEach((old) => old.remove());
      for (const [element, parent, following] of places) parent.insertBefore(element, following);
      list.remove();
      if (rest) rest.hidden = false;
      goBack = null;
    };
  }

  const daysOf = (papers) => [...new Set(papers.map(({ day }) => day))].filter(Boolean);

  async function showMine(papers, days) {
    await load();
    const following = reader.followed();
    if (!choices.stars.length && !following.authors.length && !following.words.length) {
      return report("Star some papers first, or follow authors and words in the preferences.");
    }
    const ofPage = daysOf(papers);
    if (days) report(`Reading the papers of ${days.length} days …`);
    const fileDays = days || ofPage, files = (await Promise.all(fileDays.map(vectorsOf))).filter(Boolean);
    const candidates = days || following.authors.length ? await named(papers, fileDays) : papers;
    const places = ordered(days ? candidates : candidates.filter(({ element }) => element), files, choices, following);
    showPlaces(papers, days ? places.slice(0, MAX_SHOWN) : places, days);
    const missing = fileDays.length - files.length;
    const facts = [`My order: ${places.length} papers, the nearest to yours first.`];
    if (days) facts.push(`${places.length > MAX_SHOWN ? `The first ${MAX_SHOWN} are shown. ` : ""}The numbers are public places.`);
    if (missing) facts.push(`The files of ${missing} days could not be read.`);
    report(facts.join(" "));
  }

  function showPlaces(papers, places, days) {
    const first = papers[0].element, isLine = first.matches("li"), isRanked = first.matches(".ranked > li");
    const rest = days ? first.parentNode : null;
    const list = make(isRanked ? "ol" : isLine ? "ul" : "section", "", { class: `mine ${isLine ? "lines" : ""} ${isRanked ? "ranked" : ""}`, "aria-label": "My order" });
    goBack = showPublic(papers, list, rest);
    (first.closest(".entries, .group") || first.closest("ul, ol")).before(list);
    if (rest) rest.hidden = true;
    for (const { paper, near, reason } of places) {
      if (!paper.element) {
        paper.element = lineOf(paper);
        addButtons(paper);
        paper.refresh();
      }
      const text = near ? `closeness ${(near / WHOLE).toFixed(2)} · ${reason()}` : reason() || "not near to what you starred";
      paper.element.querySelector(".own").before(make("p", text, { class: "yours reason" }));
      list.append(isLine || !paper.element.matches("li") ? paper.element : make("ul", "", {}, paper.element));
    }
    const glance = new Map(all(".glance li").map((line) => [line.querySelector("a").hash.slice(1), line]));
    const inOrder = places.map(({ paper }) => glance.get(paper.element.id)).filter(Boolean);
    inOrder[0]?.parentNode.prepend(...inOrder);
  }

  let status = null;
  const report = (text) => {
    if (status) status.textContent = text;
  };

  function offerOrder(papers) {
    const head = document.querySelector("main .head");
    const row = head?.querySelector(".own");
    if (!row || papers.length < 2 || document.querySelector("article.paper")) return;
    const button = make("button", "My order", { type: "button", "aria-pressed": false });
    button.onclick = async () => {
      if (goBack) goBack();
      else await showMine(papers, head.dataset.days?.split(" "));
      button.setAttribute("aria-pressed", Boolean(goBack));
    };
    const box = make("input", "", { type: "checkbox", id: "hide-seen" });
    box.onchange = async () => {
      await load();
      choices.hideSeen = box.checked;
      await keep();
      papers.forEach(({ refresh }) => refresh());
    };
    if (daysOf(papers).length <= MAX_DAYS) row.append(button, " ");
    row.append(box, " ", make("label", "hide what I have seen", { for: "hide-seen" }), " ", status);
  }

  // ---- the page with the preferences: what is kept, to take along, add to or forget

  function download(name, data, type) {
    const url = URL.createObjectURL(data instanceof Blob ? data : new Blob([data], { type }));
    make("a", "", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  async function add(file) {
    const library = paperLibrary.read(await file.text());
    if (!library) return report(`${file.name}: names no paper; nothing was changed.`);
    const rarity = await terms();
    await load();
    await reader.saveFollowed(reader.joined(reader.followed(), library));
    const added = library.papers.filter(({ id, title }) => !choices.stars.some((star) => (id ? star.id === id : star.title === title)));
    const at = new Date().toISOString();
    choices.stars.push(...added.map((paper) => ({ ...paper, abstract: undefined, at, words: paper.words.length ? paper.words : [...paperVectors.vector(paper.title, paper.abstract, rarity)] })));
    await keep();
    if (!trouble) report(`${added.length} papers added.`);
    list();
  }

  let list = () => {};

  function offerLibrary() {
    const form = document.getElementById("reading");
    if (!form) return;
    const section = make("section", "", { id: "my-papers", "aria-labelledby": "mine" });
    const papers = make("ul", "", { class: "lines" }), picker = make("input", "", { type: "file", id: "library" });
    const button = (text, act) => {
      const element = make("button", text, { type: "button" });
      element.onclick = act;
      return element;
    };
    const save = (name, type) => button(name.split(".")[1].toUpperCase().replace("BIB", "BibTeX"), () => download(name, paperLibrary.FORMS[name.split(".")[1]](choices.stars, reader.followed()), type));
    list = () => {
      papers.replaceChildren(...choices.stars.map((star) => {
        const remove = button("remove", async () => {
          choices.stars = choices.stars.filter((other) => other !== star);
          await keep();
          list();
        });
        return make("li", "", {}, make("span", star.title || star.id), make("p", star.id), make("p", "", { class: "own" }, remove));
      }));
    };
    picker.onchange = () => picker.files[0] && add(picker.files[0]);
    const forget = button("Forget all", async () => {
      choices = empty();
      await reader.loadFollowed(); // moves what earlier versions kept elsewhere, to be forgotten with the rest
      await reader.saveFollowed({ authors: [], words: [] });
      await keep();
      if (!trouble) {
        await reader.setValue(DAMAGED, null);
        report("Everything is forgotten.");
      }
      list();
    });
    const exports = make("p", "Take along: ", { class: "own" }, save("papers.bib", "text/plain"), " ", save("papers.ris", "text/plain"), " ", save("papers.json", "application/json"), " ", button("notes in Markdown", () => download("papers.zip", paperLibrary.notes(choices.stars))));
    section.append(
      make("h2", "My papers", { id: "mine" }),
      make("p", "What you star is kept in this browser only. “My order” on a day’s page puts papers first that are near to these."),
      make("p", "", {}, make("label", "Add BibTeX, RIS, Zotero RDF, an arXiv listing, a list of ids or a file saved here ", { for: "library" }), picker),
      exports, make("p", "", { class: "own" }, forget, " ", status), papers,
    );
    form.after(section);
    list();
  }

  // ---- related papers: the nearest first, as they stand; the latest; those with most voices

  function offerNear() {
    const list = document.querySelector(".near");
    if (!list || list.children.length < 2) return;
    const voices = (line) => Number((nearFacts(line)[2] || "0").replace(/\D/g, ""));
    const lines = [...list.children];
    const orders = { closeness: () => 0, day: (one, other) => (nearDay(one) < nearDay(other) ? 1 : -1), voices: (one, other) => voices(other) - voices(one) };
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
    status = make("span", "", { role: "status" });
    const papers = papersHere();
    papers.forEach(addButtons);
    offerOrder(papers);
    offerNear();
    offerLibrary();
    await load(); // after the page has its form, so that nothing moves
    report(trouble);
    papers.forEach(({ refresh }) => refresh());
    const box = document.getElementById("hide-seen");
    if (box) box.checked = choices.hideSeen;
    list();
    document.documentElement.dataset.own = "ready";
  });
})();
