// Search on the static site. When a program serves the site, it answers searches itself, on a page without this script.
"use strict";
(() => {
  const { root, make, byId } = dom;
  const { load, parse, places, search } = searchIndex;
  const query = (new URLSearchParams(location.search).get("q") || "").slice(0, 1000).trim();
  if (!query) return;
  document.documentElement.dataset.query = "";
  const PAGE = 20;
  const ISSUES = 3;
  const POSTS = 5;
  const FORMULA = "\ufffc";
  const MISSING =
    "The index could not be loaded: it is in the folder “search” of the whole site. " +
    "“hotpapers serve” searches without it.";

  // ---- how the query was understood, in the same words as the program's

  const PHRASES = { "": ["with "], title: ["with ", " in the title"], author: ["by "], category: ["in "], paper: [""] };
  const NOTHING = "Type a word, a name, a category or a day.";
  const DATES = "Write a day, a month or a year: 2026-11-02, 2026-11 or 2026.";
  const termText = ([{ kind, text }]) => (/category|paper/.test(kind) ? text : `“${text}”`);

  const textsOf = (alternatives) => [...new Set(alternatives.map(termText))];

  function queryText({ wanted, unwanted, from, to }) {
    const until = to.slice(0, -1);
    const parts = [];
    for (const [kind, [prefix, suffix = ""]] of Object.entries(PHRASES)) {
      const ofKind = wanted.filter(([[first]]) => first.kind === kind);
      const texts = ofKind.map((alternatives) => textsOf(alternatives).join(" or "));
      if (texts.length) parts.push(prefix + texts.join(" and ") + suffix);
    }
    if (unwanted.length) parts.push(`without ${textsOf(unwanted).join(" and ")}`);
    if (from && from === until) parts.push(`of ${from}`);
    else if (from || until) parts.push([from && `from ${from}`, until && `until ${until}`].filter(Boolean).join(" "));
    return parts.join(", ");
  }

  function summary(parsed, count) {
    const number = count ? `${count.toLocaleString("en")} paper${count > 1 ? "s" : ""}` : "No paper";
    return `${number} ${queryText(parsed)}${count > 1 ? `, the ${parsed.ranked ? "best" : "newest"} first` : ""}.`;
  }

  // ---- results: inserted into the page only as text

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
    const element = dom.formula(tree);
    return places(tree[1].alttext || "", terms).length ? make("mark", {}, element) : element;
  }

  function highlight({ text, formulas }, terms, from = 0, to = text.length) {
    const nodes = [];
    const rest = formulas.slice(text.slice(0, from).split(FORMULA).length - 1);
    const put = (part) =>
      part.split(FORMULA).forEach((piece, n) => nodes.push(...(n ? [formula(rest.shift(), terms)] : []), piece));
    let at = from;
    for (const [start, end] of places(text, terms)) {
      if (start < at || end > to) continue;
      put(text.slice(at, start));
      nodes.push(make("mark", {}, text.slice(start, end)));
      at = end;
    }
    put(text.slice(at, to));
    return nodes;
  }

  function snippet(value, terms) {
    const { text } = value;
    const [first, end] = places(text, terms)[0] || [0, 0];
    const from = snippetStart(text, first);
    const to = snippetEnd(text, from, end);
    return [from ? "… " : "", ...highlight(value, terms, from, to), to < text.length ? " …" : ""];
  }

  function snippetStart(text, first) {
    const space = text.indexOf(" ", first - 60);
    if (first < 80) return 0;
    return space >= 0 && space < first ? space + 1 : first - 60;
  }

  function snippetEnd(text, from, end) {
    const space = text.lastIndexOf(" ", from + 260);
    if (text.length < from + 260) return text.length;
    return space > end ? space : Math.max(end, from + 260);
  }

  function names(authors, terms) {
    const printed = authors.filter((name, n) => n < 3 || places(name, terms).length);
    const omitted = authors.length - printed.length;
    const nodes = printed.flatMap((name, n) => [n ? ", " : "", ...highlight(flat(name), terms)]);
    return make("span", { class: "by" }, ...nodes, omitted ? ` and ${omitted} more` : "");
  }

  const dayName = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  const monthName = new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "long", timeZone: "UTC" });
  const WEEK = 604_800_000;

  function issueName(days) {
    const [first, last] = days.map((day) => new Date(day));
    if (last - first > WEEK) return monthName.format(last);
    const name = dayName.formatRange(first, last).replace(/\s/g, " ");
    return name.replace(/^(\d+) – (\d+ \D+\d+)$/, "$1–$2");
  }

  const entryOf = async ({ day, at }) => (await load(`papers/${day}`))[at];

  function issueLink({ day, days }, [id, , , , , place]) {
    const issue = new URL(`${day}/index.html#${id.replace("/", "-")}`, root);
    const time = make("time", { datetime: day }, issueName(days));
    return make("a", { href: issue }, `place ${place}, `, time);
  }

  async function listItem(hit, terms) {
    const [id, title, authors, categories, text] = await entryOf(hit);
    const latest = hit.places.sort((a, b) => (a.day < b.day ? 1 : -1)).slice(0, ISSUES);
    const issues = await Promise.all(latest.map(async (place) => [" · ", issueLink(place, await entryOf(place))]));
    const termsIn = (...fields) => terms.filter(({ field }) => fields.includes(field));
    const name = make("bdi", {}, ...highlight(flat(title), termsIn("", "title")));
    const head = linkTo(id && `paper/${id}/index.html`, name);
    const note = [dom.doiOf(id), ...categories].filter(Boolean).join(", ");
    const line = make("p", {}, names(authors, termsIn("", "author")), ` · ${note}`, ...issues.flat());
    const opening = make("p", { class: "snippet", dir: "auto" }, ...snippet(flat(text), termsIn("")));
    return make("li", {}, head, line, opening);
  }

  // to a page of the site, if there is one
  const linkTo = (path, ...children) =>
    path ? make("a", { href: new URL(path, root) }, ...children) : make("span", {}, ...children);

  // ---- quoted posts of the latest issues, if the query asks for nothing that only papers have

  function hasAll(text, { wanted, unwanted }) {
    const has = (terms) => terms.every((term) => places(text, [term]).length);
    return wanted.length && wanted.every((alternatives) => alternatives.some(has)) && !unwanted.some(has);
  }

  const isInSpan = (moment, { from, to }) => moment.slice(0, 10) >= from && moment.slice(0, 10) <= to;

  async function postsWith(parsed) {
    if ([...parsed.wanted.flat(2), ...parsed.unwanted.flat()].some(({ kind }) => kind)) return [];
    const { days } = await load("index");
    const matching = new Map();
    const posts = (await Promise.all([...days].reverse().map((day) => load(`posts/${day}`)))).flat();
    for (const post of posts) {
      const [, , text, , , , , moment, url] = post;
      if (isInSpan(moment, parsed) && hasAll(text, parsed)) matching.set(`${url} ${text}`, post);
    }
    return [...matching.values()].sort((first, other) => (first[7] < other[7] ? 1 : -1)).slice(0, POSTS);
  }

  function quotation([path, title, text, author, handle, network, day, moment, url, lang, dir], terms) {
    const away = { rel: "noopener noreferrer nofollow" };
    const time = make("time", { datetime: moment }, day);
    const where = make(url ? "a" : "span", url ? { href: url, ...away } : {}, `${network}, `, time);
    const who = [make("bdi", {}, author), " ", ...(handle ? [make("bdi", { class: "handle" }, handle)] : [])];
    const paper = linkTo(path, ...highlight(flat(title), []));
    const quote = make("blockquote", { lang, dir }, make("p", {}, ...highlight(flat(text), terms)));
    return make("figure", { class: "post" }, quote, make("figcaption", {}, ...who, " on ", where, " · ", paper));
  }

  async function showPosts(parsed, terms) {
    const posts = await postsWith(parsed);
    if (!posts.length) return;
    const heading = make("h2", { id: "posts" }, "Posts, the latest first");
    const section = byId("posts-found");
    section.setAttribute("aria-labelledby", "posts");
    section.append(heading, ...posts.map((post) => quotation(post, terms)));
    section.hidden = false;
  }

  async function offerMeant(parsed) {
    const text = await searchSpelling.meant(query, parsed);
    if (!text) return;
    byId("status").append(" Did you mean ", make("a", { href: `?q=${encodeURIComponent(text)}` }, text), "?");
  }

  async function show(hits, terms, from) {
    const items = await Promise.all(hits.slice(from, from + PAGE).map((hit) => listItem(hit, terms)));
    byId("hits").append(...items);
    byId("more").hidden = from + PAGE >= hits.length;
    byId("more").onclick = () => show(hits, terms, from + PAGE);
    if (from) dom.find("a", items[0]).focus();
  }

  // what is wrong with a query
  function mistakeIn({ wanted, unwanted, from, to, notDates }) {
    if (notDates.length) return `Not a date: ${notDates.join(", ")}. ${DATES}`;
    return !wanted.length && !unwanted.length && !from && to === "~" ? NOTHING : "";
  }

  document.addEventListener("DOMContentLoaded", async () => {
    const parsed = parse(query);
    const [wanted, unwanted] = [parsed.wanted.flat(2), parsed.unwanted.flat()];
    byId("find").value = query;
    const report = (text) => byId("status").replaceChildren(text);
    report("Searching …");
    const mistake = mistakeIn(parsed);
    try {
      const hits = mistake ? [] : await search(parsed, [...wanted, ...unwanted]);
      await show(hits, wanted, 0);
      report(mistake || summary(parsed, hits.length));
      if (!mistake) await Promise.all([showPosts(parsed, wanted), hits.length || offerMeant(parsed)]);
    } catch (problem) {
      console.warn(problem);
      report(MISSING);
    }
    byId("else").hidden = false;
  });
})();
