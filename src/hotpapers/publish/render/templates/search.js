// Search on the static site. When a program serves the site, it answers searches itself, on a page without this script.
"use strict";
(() => {
  const { root, load, parse, places, search } = searchIndex;
  const query = (new URLSearchParams(location.search).get("q") || "").slice(0, 1000).trim();
  if (!query) return;
  document.documentElement.dataset.query = "";
  const PAGE = 20;
  const ISSUES = 3;
  const POSTS = 5;
  const FORMULA = "\ufffc";
  const MISSING =
    "The index could not be loaded: it is in the folder “search” of the whole site. “hotpapers serve” searches without it.";

  // ---- how the query was understood, in the same words as the program's

  const PHRASES = { "": ["with "], title: ["with ", " in the title"], author: ["by "], category: ["in "], paper: [""] };
  const NOTHING = "Type a word, a name, a category or a day.";
  const DATES = "Write a day, a month or a year: 2026-11-02, 2026-11 or 2026.";
  const termText = ([{ kind, text }]) => (/category|paper/.test(kind) ? text : `“${text}”`);

  function queryText({ wanted, unwanted, from, to }) {
    const until = to.slice(0, -1);
    const parts = [];
    for (const [kind, [prefix, suffix = ""]] of Object.entries(PHRASES)) {
      const ofKind = wanted.filter(([[first]]) => first.kind === kind);
      const texts = ofKind.map((alternatives) => alternatives.map(termText).join(" or "));
      if (texts.length) parts.push(prefix + texts.join(" and ") + suffix);
    }
    if (unwanted.length) parts.push(`without ${unwanted.map(termText).join(" and ")}`);
    if (from && from === until) parts.push(`of ${from}`);
    else if (from || until) parts.push([from && `from ${from}`, until && `until ${until}`].filter(Boolean).join(" "));
    return parts.join(", ");
  }

  function summary(parsed, count) {
    const number = count ? `${count.toLocaleString("en")} paper${count > 1 ? "s" : ""}` : "No paper";
    return `${number} ${queryText(parsed)}${count > 1 ? `, the ${parsed.ranked ? "best" : "newest"} first` : ""}.`;
  }

  // ---- results: inserted into the page only as text

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // a text with one sign for each of its formulas, which are trees
  function flat(value) {
    const pieces = [value].flat(typeof value === "string" ? 0 : 1);
    const isText = (piece) => typeof piece === "string";
    return {
      text: pieces.map((piece) => (isText(piece) ? piece.replaceAll(FORMULA, "") : FORMULA)).join(""),
      formulas: pieces.filter((piece) => !isText(piece)),
    };
  }

  function formula(tree, terms) {
    const element = reader.formula(tree);
    return places(tree[1].alttext || "", terms).length ? make("mark", {}, element) : element;
  }

  function highlight({ text, formulas }, terms, from = 0, to = text.length) {
    const nodes = [];
    const rest = formulas.slice(text.slice(0, from).split(FORMULA).length - 1);
    const put = (part) =>
      part.split(FORMULA).forEach((piece, n) => nodes.push(...(n ? [formula(rest.shift(), terms)] : []), piece));
    for (const [start, end] of places(text, terms)) {
      if (start < from || end > to) continue;
      put(text.slice(from, start));
      nodes.push(make("mark", {}, text.slice(start, end)));
      from = end;
    }
    put(text.slice(from, to));
    return nodes;
  }

  function snippet(value, terms) {
    const { text } = value;
    const [first, end] = places(text, terms)[0] || [0, 0];
    const space = text.indexOf(" ", first - 60);
    const from = first < 80 ? 0 : space >= 0 && space < first ? space + 1 : first - 60;
    const lastSpace = text.lastIndexOf(" ", from + 260);
    const to = text.length < from + 260 ? text.length : lastSpace > end ? lastSpace : Math.max(end, from + 260);
    return [from ? "… " : "", ...highlight(value, terms, from, to), to < text.length ? " …" : ""];
  }

  function names(authors, terms) {
    const printed = authors.filter((name, n) => n < 3 || places(name, terms).length);
    const omitted = authors.length - printed.length;
    const nodes = printed.flatMap((name, n) => [n ? ", " : "", ...highlight(flat(name), terms)]);
    return make("span", { class: "by" }, ...nodes, omitted ? ` and ${omitted} more` : "");
  }

  const dayName = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  const monthName = new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "long", timeZone: "UTC" });
  const DAY = 86_400_000;

  // an issue by its time: a week or a month ends on the day before
  function issueName(day) {
    const { window } = element("hits").dataset;
    const last = new Date(day) - DAY;
    if (window === "weekly")
      return dayName
        .formatRange(last - 6 * DAY, last)
        .replace(/\s/g, " ")
        .replace(/^(\d+) – (\d+ \D+\d+)$/, "$1–$2");
    return window === "monthly" ? monthName.format(last) : dayName.format(new Date(day));
  }

  const entryOf = async ({ day, at }) => (await load(`papers/${day}`))[at];

  function issueLink({ day }, [id, , , , , place]) {
    const issue = new URL(`${day}/index.html#${id.replace("/", "-")}`, root);
    const time = make("time", { datetime: day }, issueName(day));
    return make("a", { href: issue }, `place ${place}, `, time);
  }

  async function listItem(hit, terms) {
    const [id, title, authors, categories, text] = await entryOf(hit);
    const latest = hit.places.sort((a, b) => (a.day < b.day ? 1 : -1)).slice(0, ISSUES);
    const issues = await Promise.all(latest.map(async (place) => [" · ", issueLink(place, await entryOf(place))]));
    const termsIn = (...fields) => terms.filter(({ field }) => fields.includes(field));
    const head = make(id ? "a" : "span", id ? { href: new URL(`paper/${id}/index.html`, root) } : {});
    head.append(make("bdi", {}, ...highlight(flat(title), termsIn("", "title"))));
    const note = [id, ...categories].filter(Boolean).join(", ");
    const line = make("p", {}, names(authors, termsIn("", "author")), ` · ${note}`, ...issues.flat());
    return make(
      "li",
      {},
      head,
      line,
      make("p", { class: "snippet", dir: "auto" }, ...snippet(flat(text), termsIn(""))),
    );
  }

  // ---- quoted posts of the latest issues, if the query asks for nothing that only papers have

  function hasAll(text, { wanted, unwanted }) {
    const has = (terms) => terms.every((term) => places(text, [term]).length);
    return wanted.length && wanted.every((alternatives) => alternatives.some(has)) && !unwanted.some(has);
  }

  const isInSpan = (moment, { from, to }) => moment.slice(0, 10) >= from && moment.slice(0, 10) <= to;

  async function postsWith(parsed) {
    if ([...parsed.wanted.flat(2), ...parsed.unwanted.flat()].some(({ kind }) => kind)) return [];
    const { days } = await load("index");
    const found = new Map();
    const posts = (await Promise.all([...days].reverse().map((day) => load(`posts/${day}`)))).flat();
    for (const post of posts) {
      const [path, , text, , , , , moment, url] = post;
      if (isInSpan(moment, parsed) && hasAll(text, parsed)) found.set(`${url} ${text}`, post);
    }
    return [...found.values()].sort((one, other) => (one[7] < other[7] ? 1 : -1)).slice(0, POSTS);
  }

  function quotation([path, title, text, author, handle, network, day, moment, url, lang, dir], terms) {
    const away = { rel: "noopener noreferrer nofollow" };
    const time = make("time", { datetime: moment }, day);
    const where = url
      ? make("a", { href: url, ...away }, `${network}, `, time)
      : make("span", {}, `${network}, `, time);
    const paper = make(path ? "a" : "span", path ? { href: new URL(path, root) } : {}, ...highlight(flat(title), []));
    const caption = make(
      "figcaption",
      {},
      make("bdi", {}, author),
      " ",
      ...(handle ? [make("bdi", { class: "handle" }, handle)] : []),
      " on ",
      where,
      " · ",
      paper,
    );
    return make(
      "figure",
      { class: "post" },
      make("blockquote", { lang, dir }, make("p", {}, ...highlight(flat(text), terms))),
      caption,
    );
  }

  async function showPosts(parsed, terms) {
    const posts = await postsWith(parsed);
    if (!posts.length) return;
    const heading = make("h2", { id: "posts" }, "Posts, the latest first");
    element("posts-found").setAttribute("aria-labelledby", "posts");
    element("posts-found").append(heading, ...posts.map((post) => quotation(post, terms)));
    element("posts-found").hidden = false;
  }

  const element = (id) => document.getElementById(id);

  async function offerMeant(parsed) {
    const text = await searchSpelling.meant(query, parsed);
    if (text)
      element("status").append(" Did you mean ", make("a", { href: `?q=${encodeURIComponent(text)}` }, text), "?");
  }

  async function show(hits, terms, from) {
    const items = await Promise.all(hits.slice(from, from + PAGE).map((hit) => listItem(hit, terms)));
    element("hits").append(...items);
    element("more").hidden = from + PAGE >= hits.length;
    element("more").onclick = () => show(hits, terms, from + PAGE);
    if (from) items[0].querySelector("a").focus();
  }

  document.addEventListener("DOMContentLoaded", async () => {
    const parsed = parse(query);
    const [wanted, unwanted] = [parsed.wanted.flat(2), parsed.unwanted.flat()];
    element("find").value = query;
    const report = (text) => (element("status").textContent = text);
    report("Searching …");
    const isEmpty = !wanted.length && !unwanted.length && !parsed.from && parsed.to === "~";
    const mistake = parsed.notDates.length
      ? `Not a date: ${parsed.notDates.join(", ")}. ${DATES}`
      : isEmpty
        ? NOTHING
        : "";
    try {
      const hits = mistake ? [] : await search(parsed, [...wanted, ...unwanted]);
      await show(hits, wanted, 0);
      report(mistake || summary(parsed, hits.length));
      if (!mistake) await Promise.all([showPosts(parsed, wanted), hits.length || offerMeant(parsed)]);
    } catch (problem) {
      console.warn(problem);
      report(MISSING);
    }
    element("else").hidden = false;
  });
})();
