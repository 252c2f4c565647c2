// Search on the static site. When a program serves the site, it answers searches itself, on a page without this script.
"use strict";
(() => {
  const { root, load, parse, places, search } = searchIndex;
  const query = (new URLSearchParams(location.search).get("q") || "").slice(0, 1000).trim();
  if (!query) return;
  document.documentElement.dataset.query = "";
  const PAGE = 20, ISSUES = 3;
  const DISK = "This page was opened from a disk, where browsers don’t let pages read other files. Search works only over HTTP.";

  // ---- how the query was understood, in the same words as the program's

  const PHRASES = { "": ["with "], title: ["with ", " in the title"], author: ["by "], category: ["in "], paper: [""] };
  const NOTHING = "Type a word, a name, a category or a day.";
  const termText = ([{ kind, text }]) => (/category|paper/.test(kind) ? text : `“${text}”`);

  function queryText({ wanted, unwanted, from, to }) {
    const until = to.slice(0, -1), parts = [];
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

  function highlight(text, terms, from = 0, to = text.length) {
    const nodes = [];
    for (const [start, end] of places(text, terms)) {
      if (start < from || end > to) continue;
      nodes.push(text.slice(from, start), make("mark", {}, text.slice(start, end)));
      from = end;
    }
    return [...nodes, text.slice(from, to)];
  }

  function snippet(text, terms) {
    const [first, end] = places(text, terms)[0] || [0, 0];
    const space = text.indexOf(" ", first - 60);
    const from = first < 80 ? 0 : space >= 0 && space < first ? space + 1 : first - 60;
    const lastSpace = text.lastIndexOf(" ", from + 260);
    const to = text.length < from + 260 ? text.length : lastSpace > end ? lastSpace : Math.max(end, from + 260);
    return [from ? "… " : "", ...highlight(text, terms, from, to), to < text.length ? " …" : ""];
  }

  function names(authors, terms) {
    const printed = authors.filter((name, n) => n < 3 || places(name, terms).length);
    const omitted = authors.length - printed.length;
    const nodes = printed.flatMap((name, n) => [n ? ", " : "", ...highlight(name, terms)]);
    return make("span", { class: "by" }, ...nodes, omitted ? ` and ${omitted} more` : "");
  }

  const dayName = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
  const monthName = new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "long", timeZone: "UTC" });
  const DAY = 86_400_000;

  // an issue by its time: a week or a month ends on the day before
  function issueName(day) {
    const { window } = element("hits").dataset, last = new Date(day) - DAY;
    if (window === "weekly") return dayName.formatRange(last - 6 * DAY, last).replace(/\s/g, " ").replace(/^(\d+) – (\d+ \D+\d+)$/, "$1–$2");
    return window === "monthly" ? monthName.format(last) : dayName.format(new Date(day));
  }

  const entryOf = async ({ day, at }) => (await load(`papers/${day}.json`))[at];

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
    head.append(make("bdi", {}, ...highlight(title, termsIn("", "title"))));
    const note = [id, ...categories].filter(Boolean).join(", ");
    const line = make("p", {}, names(authors, termsIn("", "author")), ` · ${note}`, ...issues.flat());
    return make("li", {}, head, line, make("p", { class: "snippet", dir: "auto" }, ...snippet(text, termsIn(""))));
  }

  const element = (id) => document.getElementById(id);

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
    try {
      const isEmpty = !wanted.length && !unwanted.length && !parsed.from && parsed.to === "~";
      const hits = isEmpty ? [] : await search(parsed, [...wanted, ...unwanted]);
      await show(hits, wanted, 0);
      report(isEmpty ? NOTHING : summary(parsed, hits.length));
    } catch (problem) {
      console.warn(problem);
      report(location.protocol === "file:" ? DISK : "The index could not be loaded. Please try again.");
    }
    element("else").hidden = false;
  });
})();
