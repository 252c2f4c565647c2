// A reader's own order of a page's papers, as in own_order.py; on the top of a week or a month, of all papers of it.
"use strict";
const paperOrder = (() => {
  const WHOLE = 10000;
  const BY_AUTHOR = 2 * WHOLE;
  const BY_WORD = WHOLE;
  const SHOWN_WORDS = 3;
  const MAX_SHOWN = 100;
  const MAX_NAMES = 3;
  const MAX_DAYS = 31;
  const NO_FILE = { words: [], packed: new Map() };
  const { all, find, make } = dom;
  const { firstMatch } = readerWords;
  const { report } = pagePapers;

  // files: of the days of the papers. A place's reason is told when it is shown
  function ordered(papers, files, { stars, unwanted }, following) {
    const index = paperVectors.indexed(stars);
    const far = paperVectors.indexed(unwanted);
    const { near, likes, pulls } = paperVectors.learn(stars, files);
    const sets = [...files, NO_FILE].map((file) => ({
      file,
      near: { ...paperVectors.placed(index, file), liked: likes.get(file), pulls },
      far: paperVectors.placed(far, file),
    }));
    const placeOf = (paper) => {
      const set = sets.find(({ file }) => file.packed.has(paper.id)) || sets.at(-1);
      const closeness = near.get(paper.id) || 0;
      const worst = unwanted.length ? paperVectors.highest(set.far, paper.id) : 0;
      const author = firstMatch(following.authors, paper.authors);
      const word = firstMatch(following.words, paper.text);
      const value = closeness + (author ? BY_AUTHOR : 0) + (word ? BY_WORD : 0) - Math.floor(worst / 2);
      const reason = () => reasonOf(closeness ? nearOf(paper, set.near, stars) : "", author, word);
      return { paper, value, near: closeness, reason };
    };
    const starred = new Set(stars.map(({ id }) => id));
    const places = papers.filter(({ id }) => !starred.has(id)).map(placeOf);
    return places.sort((first, second) => second.value - first.value || first.paper.place - second.paper.place);
  }

  function nearOf({ id }, near, stars) {
    const { first, words } = paperVectors.nearest(near, id, SHOWN_WORDS);
    const star = stars[first];
    return `near “${star.title || dom.doiOf(star.id)}”: ${words.join(", ")}`;
  }

  const reasonOf = (near, author, word) =>
    [near, author && `by ${author}, whom you follow`, word && `has “${word}”`].filter(Boolean).join(" · ");

  // ---- the papers of a week or a month: of each day those announced and those in its issue, not only the page's

  const sayDay = (day) => new Date(day).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });

  // with all their authors, of whom a page may name some only
  async function named(papers, days) {
    const here = new Map(papers.map((paper) => [paper.id, paper]));
    const dayRows = await Promise.all(days.map(dayFiles.papers));
    for (const [n, rows] of dayRows.entries()) {
      for (const [id, row] of rows) {
        const known = here.get(id);
        if (known) {
          known.authors = row.authors;
        } else {
          const isHere = row.issuePlace !== undefined;
          here.set(id, { ...row, id, isHere, day: days[n], place: here.size, text: row.title, states: [] });
        }
      }
    }
    return [...here.values()];
  }

  // a paper that the page does not list, as one that it does
  function lineOf({ id, title, authors, field, issuePlace, isHere, day, state }) {
    const names = authors.split(", ");
    const others = names.length - MAX_NAMES;
    const by = names.slice(0, MAX_NAMES).join(", ") + (others > 0 ? ` and ${others} more` : "");
    const address = new URL(`${day}/index.html${isHere ? `#${id.replace("/", "-")}` : ""}`, dom.root);
    const issue = make("a", { href: address }, `${issuePlace ? `place ${issuePlace}, ` : ""}${sayDay(day)}`);
    const facts = make("p", {}, make("span", { class: "by" }, by), ` · ${dom.doiOf(id)} · `, issue);
    const label = state ? [make("span", { class: "badge" }, state), " "] : [];
    return make("li", { "data-in": field }, ...label, pagePapers.link({ id, title, isHere }), facts);
  }

  // ---- shown, and back to the public order

  let goBack = null;

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

  // what makes an order, each as a link to where it is done
  function hint() {
    const star = make("a", { href: "#main" }, "Star some papers");
    star.onclick = (event) => {
      event.preventDefault();
      find(".glance .star, main .own button[aria-pressed]:not(.head > .own button)").focus();
    };
    const library = make("a", { href: new URL("my-papers/index.html#library", dom.root) }, "add your library");
    const follow = make("a", { href: new URL("reading/index.html#follow", dom.root) }, "follow authors and words");
    return [star, " first, ", library, ", or ", follow, "."];
  }

  async function showMine(papers, days) {
    await paperChoices.load();
    const choices = paperChoices.now();
    const following = reader.followed();
    if (!choices.stars.length && !following.authors.length && !following.words.length) {
      report(...hint());
      return;
    }
    if (days) report(`Reading the papers of ${dom.counted(days.length, "day")} …`);
    const fileDays = days || daysOf(papers);
    const files = (await Promise.all(fileDays.map(dayFiles.vectors))).filter(Boolean);
    const candidates = days || following.authors.length ? await named(papers, fileDays) : papers;
    const places = ordered(days ? candidates : candidates.filter(({ element }) => element), files, choices, following);
    showPlaces(papers, days ? places.slice(0, MAX_SHOWN) : places, days);
    report(factsOf(places, days, fileDays.length - files.length));
  }

  function factsOf(places, days, missing) {
    const facts = [
      `My order: ${dom.counted(places.length, "paper")}, what fits you best first:`,
      "near to your stars, with whom and what you follow, unlike what you want less of.",
    ];
    if (places.length > MAX_SHOWN && days) facts.push(`The first ${MAX_SHOWN} are shown.`);
    if (days) facts.push("The numbers are public places.");
    if (missing) facts.push(`The files of ${dom.counted(missing, "day")} could not be read.`);
    return facts.join(" ");
  }

  // an empty list of the kind that has the first paper
  function listLike(first) {
    if (!first.matches("li")) return make("section", { class: "mine", "aria-label": "My order" });
    const isRanked = first.matches(".ranked > li");
    const classes = isRanked ? "mine lines ranked" : "mine lines";
    return make(isRanked ? "ol" : "ul", { class: classes, "aria-label": "My order" });
  }

  function showPlaces(papers, places, days) {
    const first = papers[0].element;
    const isLine = first.matches("li");
    const rest = days ? first.parentNode : null;
    const list = listLike(first);
    goBack = showPublic(papers, list, rest);
    (first.closest(".entries, .group") || first.closest("ul, ol")).before(list);
    if (rest) rest.hidden = true;
    for (const place of places) {
      const element = elementOf(place);
      list.append(isLine || !element.matches("li") ? element : make("ul", {}, element));
    }
    const glance = new Map(all(".glance li").map((line) => [find("a", line).hash.slice(1), line]));
    const inOrder = places.map(({ paper }) => glance.get(paper.element.id)).filter(Boolean);
    inOrder[0]?.parentNode.prepend(...inOrder);
  }

  // of a paper, with why it has its place
  function elementOf({ paper, near, reason }) {
    if (!paper.element) {
      paper.element = lineOf(paper);
      pagePapers.addButtons(paper);
      paper.refresh();
    }
    const closeness = near ? `closeness ${(near / WHOLE).toFixed(2)} · ` : "";
    const text = closeness + reason() || "not near to what you starred";
    find(".own", paper.element).before(make("p", { class: "yours reason" }, text));
    return paper.element;
  }

  function offer(papers) {
    const row = find("main .head > .own");
    if (!row || papers.length < 2 || find("article.paper")) return;
    const orders = find(".fields .orders");
    const act = async () => {
      if (goBack) goBack();
      else await showMine(papers, find("main .head").dataset.days?.split(" "));
      mark();
    };
    const button = dom.button("My order", act, { "aria-pressed": false });
    // one order at a time is marked, and choosing another ends this one
    const mark = () => {
      button.setAttribute("aria-pressed", Boolean(goBack));
      if (goBack) orders?.querySelectorAll("[aria-current]").forEach((link) => link.removeAttribute("aria-current"));
      else dispatchEvent(new PopStateEvent("popstate"));
    };
    const leave = () => {
      if (!goBack) return;
      goBack();
      mark();
    };
    orders?.addEventListener("click", leave, { capture: true });
    if (daysOf(papers).length <= MAX_DAYS) row.append(button, " ");
    row.append(hidingBox(), " ", make("label", { for: "hide-seen" }, "hide what I have seen"), " ");
    row.append(pagePapers.status);
  }

  function hidingBox() {
    const box = make("input", { type: "checkbox", id: "hide-seen" });
    box.onchange = () => {
      const hideSeen = box.checked;
      return paperChoices.change(() => ({ hideSeen }));
    };
    paperChoices.whenChanged.push(() => {
      box.checked = paperChoices.now().hideSeen;
    });
    return box;
  }

  return { ordered, offer };
})();
