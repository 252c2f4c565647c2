// Search on the static site. When a program serves the site, it answers searches itself, on a page without this script.
"use strict";
(() => {
  const { root, load, parse, places, search } = searchIndex;
  const query = (new URLSearchParams(location.search).get("q") || "").slice(0, 1000).trim();
  if (!query) return;
  document.documentElement.dataset.asked = "";
  const PAGE = 20, ISSUES = 3;
  const DISK = "This page was opened from a disk, where browsers don’t let pages read other files. Search works only over HTTP.";

  // ---- how the query was understood, in the same words as the program's

  const PHRASES = { "": ["with "], title: ["with ", " in the title"], author: ["by "], category: ["in "], paper: [""] };
  const NOTHING = "Nothing was asked for: write a word, a name, a category or a day.";
  const named = ([{ kind, said }]) => (/category|paper/.test(kind) ? said : `“${said}”`);

  function understood({ wanted, unwanted, from, to }) {
    const until = to.slice(0, -1), told = [];
    for (const [kind, [before, after = ""]] of Object.entries(PHRASES)) {
      const some = wanted.filter(([[first]]) => first.kind === kind).map((one) => one.map(named).join(" or "));
      if (some.length) told.push(before + some.join(" and ") + after);
    }
    if (unwanted.length) told.push(`without ${unwanted.map(named).join(" and ")}`);
    if (from && from === until) told.push(`of ${from}`);
    else if (from || until) told.push([from && `from ${from}`, until && `until ${until}`].filter(Boolean).join(" "));
    return told.join(", ");
  }

  function answer(asked, count) {
    const number = count ? `${count.toLocaleString("en")} paper${count > 1 ? "s" : ""}` : "No paper";
    return `${number} ${understood(asked)}${count > 1 ? `, the ${asked.ranked ? "best" : "newest"} first` : ""}.`;
  }

  // ---- results: inserted into the page only as text

  function make(tag, attributes, ...inside) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...inside);
    return element;
  }

  function marked(text, terms, from = 0, to = text.length) {
    const made = [];
    for (const [start, end] of places(text, terms)) {
      if (start < from || end > to) continue;
      made.push(text.slice(from, start), make("mark", {}, text.slice(start, end)));
      from = end;
    }
    return [...made, text.slice(from, to)];
  }

  function snippet(text, terms) {
    const first = places(text, terms)[0]?.[0] || 0;
    const from = first < 80 ? 0 : text.indexOf(" ", first - 60) + 1;
    const to = text.length < from + 260 ? text.length : text.lastIndexOf(" ", from + 260);
    return [from ? "… " : "", ...marked(text, terms, from, to > from ? to : from + 260), to < text.length ? " …" : ""];
  }

  function names(authors, terms) {
    const shown = authors.filter((name, n) => n < 3 || places(name, terms).length);
    const others = authors.length - shown.length;
    const made = shown.flatMap((name, n) => [n ? ", " : "", ...marked(name, terms)]);
    return make("span", { class: "by" }, ...made, others ? ` and ${others} more` : "");
  }

  const dayName = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

  const shown = async ({ day, at }) => (await load(`papers/${day}.json`))[at];

  function placed({ day }, [id, , , , , place]) {
    const issue = new URL(`${day}/index.html#${id.replace("/", "-")}`, root);
    const when = make("time", { datetime: day }, dayName.format(new Date(day)));
    return make("a", { href: issue }, `place ${place}, `, when);
  }

  async function drawn(found, terms) {
    const [id, title, authors, categories, text] = await shown(found);
    const last = found.places.sort((a, b) => (a.day < b.day ? 1 : -1)).slice(0, ISSUES);
    const issues = await Promise.all(last.map(async (one) => [" · ", placed(one, await shown(one))]));
    const of = (...fields) => terms.filter(({ field }) => fields.includes(field));
    const head = make(id ? "a" : "span", id ? { href: new URL(`paper/${id}/index.html`, root) } : {});
    head.append(make("bdi", {}, ...marked(title, of("", "title"))));
    const note = [id, ...categories].filter(Boolean).join(", ");
    const line = make("p", {}, names(authors, of("", "author")), ` · ${note}`, ...issues.flat());
    return make("li", {}, head, line, make("p", { class: "said", dir: "auto" }, ...snippet(text, of(""))));
  }

  const element = (id) => document.getElementById(id);

  async function show(found, terms, from) {
    const items = await Promise.all(found.slice(from, from + PAGE).map((one) => drawn(one, terms)));
    element("hits").append(...items);
    element("more").hidden = from + PAGE >= found.length;
    element("more").onclick = () => show(found, terms, from + PAGE);
    if (from) items[0].querySelector("a").focus();
  }

  document.addEventListener("DOMContentLoaded", async () => {
    const asked = parse(query);
    const [wanted, unwanted] = [asked.wanted.flat(2), asked.unwanted.flat()];
    element("find").value = query;
    const tell = (text) => (element("told").textContent = text);
    tell("Searching …");
    try {
      const asks = wanted.length || unwanted.length || asked.from || asked.to !== "~";
      const found = asks ? await search(asked, [...wanted, ...unwanted]) : [];
      await show(found, wanted, 0);
      tell(asks ? answer(asked, found.length) : NOTHING);
    } catch (problem) {
      console.warn(problem);
      tell(location.protocol === "file:" ? DISK : "The index could not be loaded. Please try again.");
    }
    element("else").hidden = false;
  });
})();
