// The static site's search: reads words and queries, and ranks papers using the few index files that a query needs.
// They are scripts, which also load where pages are opened from a disk.
// publish/render/html/search_index.py describes the files, docs/reference/search.md the query syntax.
"use strict";
const searchIndex = (() => {
  const { stem } = readerWords;
  const { WORD, fold, isRun, wordsOf } = searchWords;
  const MAX_TERMS = 32;
  const MAX_FILES = 4;
  const WEIGHTS = { A: 5, B: 3, C: 1, D: 2, Z: 1 };

  // ---- the query: one alternative of each `wanted`, none of `unwanted`; of an alternative, all terms

  const CHUNK = /(-)?(?:(author|title|category|cat|date|from|to|id):(?=\S))?(?:"([^"]*)"|(\S+))/gi;

  function parse(text) {
    const parsed = { wanted: [], unwanted: [], from: "", to: "~", ranked: false, notDates: [] };
    const plain = text.replace(/[“”„‟«»＂]/g, '"').replace(/[‐‑−﹣－]/g, "-");
    const whole = plain.replaceAll('"', " ").trim().replace(/^(arxiv:|doi:)\s/i, "$1");
    const id = /^-|\s/.test(whole) ? "" : dois.paperIn(whole);
    if (id) addTerms(parsed, [label("paper", id)]);
    if (id) return parsed;
    let joins = false;
    let remaining = MAX_TERMS;
    for (const [chunk, minus, kind = "", phrase, word] of plain.matchAll(CHUNK)) {
      const isJoint = /^(OR|AND|\|)$/.test(chunk);
      const terms = isJoint ? [] : termsOrSpan(parsed, kind.toLowerCase(), phrase ?? word, minus, !phrase);
      remaining -= terms.length;
      if (terms.length && remaining >= 0) addTerms(parsed, terms, minus, joins);
      joins = isJoint && chunk !== "AND";
    }
    return parsed;
  }

  const termsOrSpan = (parsed, field, text, minus, bare) =>
    !minus && inSpan(parsed, field, text) ? [] : termsOf(field, text, bare);

  // `joins`: as an alternative of those before
  function addTerms(parsed, terms, minus, joins) {
    const forms = [terms, ...inPieces(terms)];
    if (minus) {
      parsed.unwanted.push(...forms);
      return;
    }
    if (joins && parsed.wanted.length) parsed.wanted.at(-1).push(...forms);
    else parsed.wanted.push(forms);
    if (/^(title)?$/.test(terms[0].field)) parsed.ranked = true;
  }

  // the same where letters and digits are apart: in TeX, H$_2$O is three words, and some write GPT-4
  function inPieces(terms) {
    if (!terms.every(({ word, field }) => /^(title)?$/.test(field) && /^[a-z\d]+$/.test(word))) return [];
    const pieces = terms.flatMap((term) => term.word.match(/[a-z]+|\d+/g).map((word) => ({ ...term, word, piece: true })));
    return pieces.length > terms.length ? [pieces] : [];
  }

  const DAY = "((?:19|2\\d)\\d\\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\\d|3[01]))?)?)";
  const SPAN = new RegExp(`^${DAY}(?:\\.\\.${DAY})?$`);

  function isDay(text) {
    // a text of an impossible day is an error in some browsers
    const [year, month = 1, day = 1] = text.split("-").map(Number);
    return new RegExp(`^${DAY}$`).test(text) && new Date(Date.UTC(year, month - 1, day)).toISOString().startsWith(text);
  }

  // the wrong end of two dates, or all of it
  function notDates(text) {
    const ends = text.split("..");
    const wrong = ends.filter((end) => !isDay(end));
    return ends.length > 2 || wrong.includes("") ? [text] : wrong;
  }

  function inSpan(parsed, field, text) {
    if (!["date", "from", "to"].includes(field)) return false;
    const wrong = notDates(text);
    const days = SPAN.exec(text);
    parsed.notDates.push(...wrong);
    if (wrong.length) return true;
    const isRange = field === "date" || days[2];
    const last = (days[2] || days[1]) + "~";
    if ((isRange || field === "from") && days[1] > parsed.from) parsed.from = days[1];
    if ((isRange || field === "to") && last < parsed.to) parsed.to = last;
    return true;
  }

  const CATEGORY = /^(?=.{1,60}$)[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)?$/i; // as in base/papers/categories.py

  // `kind` and `text`: how a term was understood
  function termsOf(field, text, bare) {
    const id = bare && /^(id)?$/.test(field) ? dois.paperIn(text) : "";
    if (id) return [label("paper", id)];
    const category = /^cat/.test(field) ? dois.categoryOf(text) : "";
    if (CATEGORY.test(category)) return [label("category", text, category)];
    const whole = /^(author|title)?$/.test(field) ? text : `${field} ${text}`;
    const terms = wordsOf(whole);
    if (bare && whole.endsWith("*") && terms.at(-1)?.word.length > 1) terms.at(-1).begins = true;
    const kind = /author|title/.test(field) ? field : "";
    const plain = whole.replace(/["\s]+/g, " ").trim();
    return terms.filter(({ word }) => word).map((term) => ({ ...term, kind, text: plain, field: kind }));
  }

  const label = (kind, text, word = text) => ({ kind, text, field: "label", word: "#" + word.toLowerCase() });

  // ---- the index

  const arrived = new Map();
  window.searchFile = (name, value) => arrived.set(name, value);

  async function load(name) {
    await dom.loadScript(new URL(`search/${name}.js`, dom.root));
    if (!arrived.has(name)) throw new Error(`${name}: not loaded`);
    return arrived.get(name);
  }

  async function loadPart(name, terms) {
    const part = await load(`${name}/index`);
    const papers = await Promise.all(terms.map((term) => papersOf(name, part.from, term)));
    return { ...part, count: part.ids.length, papers };
  }

  // number of a paper → weight; `common`: how many words are in most texts; `without`: how many of these a paper lacks
  async function papersOf(name, from, { field, word, begins }) {
    const postings = { common: 0, without: new Map(), weights: new Map() };
    const letters = { "": "ACD", title: "A", label: "A", author: "" }[field];
    const forms = { [stem(word)]: letters };
    if (field === "" || field === "author") forms[word] = (forms[word] || "") + "B";
    for (const form of Object.keys(forms).filter((form) => forms[form])) {
      const files = wordFiles(name, from, form, begins ? form + "\uffff" : form).slice(0, MAX_FILES);
      for (const file of files) add(postings, await load(file), "\n" + form + (begins ? "" : " "), forms[form]);
    }
    return postings;
  }

  // the files with the words from one to another
  function wordFiles(name, from, first, last) {
    const start = fileOf(from, first);
    const count = fileOf(from, last) - start + 1;
    return Array.from({ length: count }, (_, n) => `${name}/${String(start + n).padStart(2, "0")}`);
  }

  const fileOf = (from, word) => from.reduce((last, first, n) => (first <= word ? n : last), 0);

  function add(postings, text, head, letters) {
    for (let at = text.indexOf(head); at >= 0; at = text.indexOf(head, at + 1)) {
      const line = text.slice(text.indexOf(" ", at) + 1, text.indexOf("\n", at + 1));
      if (line[0] === "*" && letters.includes("C")) postings.common++;
      for (const [, number, letter] of line.matchAll(/(\w+?)([A-DZ])/g)) {
        const paper = parseInt(number, 36);
        const counts = letter === "Z" ? postings.without : postings.weights;
        if (letter === "Z" || letters.includes(letter)) counts.set(paper, (counts.get(paper) || 0) + WEIGHTS[letter]);
      }
    }
  }

  // ---- ranking: a word's rarity times the weight of its position

  async function search(parsed, terms) {
    const { parts } = await load("index");
    const month = (part, n) => new Date(Date.UTC(part.slice(0, 4), part.slice(-1) * 3 - n)).toISOString().slice(0, 7);
    const isInSpan = (part) => month(part, 1) >= parsed.from.slice(0, 7) && month(part, 4) <= parsed.to;
    const loadedParts = await Promise.all(parts.filter(isInSpan).map((part) => loadPart(part, terms)));
    const total = loadedParts.reduce((sum, { count }) => sum + count, 0);
    for (const [n, term] of terms.entries()) {
      const sizes = loadedParts.map(({ count, papers }) => (papers[n].common ? count : papers[n].weights.size));
      const matching = sizes.reduce((sum, size) => sum + size, 0);
      Object.assign(term, { n, matching, rare: Math.log(1 + (total - matching + 0.5) / (matching + 0.5)) });
    }
    const hits = loadedParts.flatMap((part) => [...inPart(parsed, part)]);
    hits.sort((a, b) => b.score - a.score || b.day.localeCompare(a.day) || a.at - b.at);
    const papers = new Map(); // each once, with all its places
    for (const hit of hits) {
      const name = hit.id || `${hit.day} ${hit.at}`;
      if (papers.has(name)) papers.get(name).places.push(hit);
      else papers.set(name, { ...hit, places: [hit] });
    }
    return [...papers.values()];
  }

  function* inPart({ wanted, unwanted, from, to, ranked }, part) {
    let number = -1;
    for (const [n, [day, count]] of part.issues.entries()) {
      const days = part.covers?.[n] || [day, day];
      for (let at = 0; at < count; at++) {
        const score = (terms) => scoreOf(part, terms, number);
        number++;
        if (days[1] < from || days[0] > to || unwanted.some((terms) => score(terms) >= 0)) continue;
        const scores = wanted.map((alternatives) => Math.max(...alternatives.map(score)));
        if (scores.some((value) => value < 0)) continue;
        yield { id: part.ids[number], day, days, at, score: ranked ? scores.reduce((a, b) => a + b, 0) : 0 };
      }
    }
  }

  function scoreOf({ papers }, terms, number) {
    const weight = ({ weights, without, common }) =>
      weights.get(number) ?? (common > (without.get(number) || 0) ? 0 : -1);
    const scores = terms.map((term) => weight(papers[term.n]) * term.rare);
    return scores.some((score) => score < 0) ? -1 : scores.reduce((sum, score) => sum + score, 0);
  }

  // ---- where the words are in a text: [start, end], in order

  function places(text, terms) {
    const fits = (word, { word: term, begins }) => (begins ? word.startsWith(term) : stem(word) === stem(term));
    const isSought = (word) => terms.some((term) => !term.piece && fits(word, term));
    const runs = terms.flatMap(({ run }) => (run ? [...text.matchAll(run)] : []));
    const others = [...text.matchAll(WORD)].filter(([raw]) => !isRun(raw) && isSought(fold(raw)));
    const spans = [...runs, ...others].map((match) => [match.index, match.index + match[0].length]);
    return spans.sort(([start], [other]) => start - other);
  }

  return { load, parse, places, search, wordFiles };
})();
