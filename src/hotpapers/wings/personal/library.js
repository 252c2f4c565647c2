// A reader's library as files: read from BibTeX, RIS, EndNote, PubMed, Zotero RDF, arXiv's mails, lists and JSON, as
// library_files.py and stars.py read them.
"use strict";
const paperLibrary = (() => {
  const MAX_SENTENCE_CHARS = 400;
  const MAX_LINE_CHARS = 500;
  const MAX_PAPERS = 10000;
  const MAX_AUTHORS = 200;
  const MAX_NAME_CHARS = 200;
  const { ID, MENTION, canonical, trimmed, idIn, doiIn, unescaped, linked, linesOf, inNote } = paperIds;
  const { oneLine, jsonEntry, bibtex, ris, endnote, rdf, endnoteXml, arxivMail } = libraryEntries;
  const { strings } = readerWords;
  const ARXIV = /^(?:arxiv(?:\.org)?|corr)(?: \W?(?:e-?prints?|preprints?|cornell university)\W?)?$/i; // as a journal

  // ---- which format; a list has one paper a line

  /** @typedef {{papers: any[], authors: string[], words: string[], isJson?: boolean, refused?: string}} Choices */

  /** @type {[RegExp, any][]} */
  const FORMATS = [
    [/<(?:\w+:)?RDF\b/, rdf],
    [/<xml>\s*<records>/, endnoteXml],
    [/^TY {1,2}-(?: |$)|^PMID *- /m, ris],
    [/^%0 /m, endnote],
    [/^arXiv:\S+$(?:\n[^\s\\].{0,200}){0,6}\n*^Title: /m, arxivMail],
    [/@[ \t]*[A-Za-z]+[ \t]*(?:\n[ \t]*)?[{(]\s*(?:[^\s,={}"]{1,1000}\s*)?[,=]/, bibtex],
    [/<(?:\w+:)?mods(?:Collection)?\b/, "MODS"],
    [/^(?:FN |PT [A-Z]$)/m, "a file of Web of Science"],
    [/^RT [A-Z]/m, "a file of RefWorks"],
    [/<PubmedArticle/, "PubMed XML"],
    [/<(?:b:)?Sources\b/, "a list of sources of Word"],
    [/^(?:%PDF-|PK\p{Cc}{2}|[^\0\n]{1,99}\0)/u, "a PDF or an archive"],
  ];

  // the first sign in a file tells: a later one may be in an abstract
  function readerOf(text) {
    const places = FORMATS.map(([sign, reader]) => ({ place: text.search(sign), reader }));
    const signs = places.filter(({ place }) => place >= 0);
    return signs.sort((a, b) => a.place - b.place)[0]?.reader;
  }

  /** @type {(reason: string) => Choices} */
  const refusal = (reason) => ({ papers: [], authors: [], words: [], refused: reason });

  function list(text) {
    const links = [...text.matchAll(/<a\b[^<>]*?\bhref\s*=\s*["']([^"'<>]+)/gi)].map(([, link]) => unescaped(link));
    const papers = [];
    const followed = { author: [], word: [] };
    for (const [n, whole] of (links.length ? links : linesOf(text)).entries()) {
      const item = whole.replace(/(?:^|\s)#.*/, "").trim();
      const line = item.replace(/^(?:[-*+•]|\d{1,3}[.)])\s+(?=\S)/, "");
      const follows = /^(author|word):\s*(\S.*)$/i.exec(line);
      const mentions = [...line.matchAll(MENTION)];
      const ids = follows ? [] : bareIds(line);
      if (follows) followed[follows[1].toLowerCase()].push(follows[2].trim());
      else if (ids.length) ids.forEach((id) => papers.push(id)); // a line may have more than a call takes
      else if (!mentions.length) continue;
      else if (links.length || isOfList(line, mentions)) papers.push(...mentions.map(canonical));
      else return refusal(`line ${n + 1} names a paper within other words; write one id or address a line`);
    }
    return { papers: papers.map((id) => [{ role: "id", text: id }]), authors: followed.author, words: followed.word };
  }

  // of a line that is ids and addresses alone, or has one in a column, or as a number before or after a title
  function bareIds(line) {
    const parts = line.split(/(?:[\s,]|(?<!\.co);)+/i).filter(trimmed); // old DOIs end with .CO;2
    const ids = parts.map((part) => idIn(trimmed(part)) || doiIn(part));
    if (ids.every(Boolean)) return ids;
    const whole = idIn(trimmed(line)) || doiIn(line);
    const cells = line.split(/[\t|]|(?:,|(?<!\.co);)(?=\S)/i);
    const inCells = cells.length > 1 ? cells.map((cell) => idIn(trimmed(cell))) : [];
    const targets = [...line.matchAll(/\]\((\S+)\)/g)].map(([, link]) => link);
    const ofDois = line.length <= MAX_LINE_CHARS ? [...cells, ...targets, parts[0], parts.at(-1)].map(doiIn) : [];
    return [whole, ...inCells, numberAtAnEnd(line), ...ofDois].filter(Boolean).slice(0, 1);
  }

  const FIRST_ID = new RegExp(String.raw`^\W*${ID}`, "i");
  const LAST_ID = new RegExp(String.raw`(?:[\t,;:|(\[<"'“]|\s[-–—])\s*${ID}\W*$`, "i");
  function numberAtAnEnd(line) {
    const match = line.length <= MAX_LINE_CHARS && (FIRST_ID.exec(line) || LAST_ID.exec(line));
    return match ? canonical(match) : "";
  }

  function isOfList(line, mentions) {
    const [first] = mentions;
    const ends = mentions.map(({ index, 0: text }) => index + text.length);
    const between = [0, ...ends].map((end, n) => line.slice(end, mentions[n]?.index ?? line.length)).join("");
    if (!/\p{L}{2}/u.test(between)) return true;
    const isAtAnEnd = !trimmed(line.slice(0, first.index)) || !trimmed(line.slice(ends.at(-1)));
    const isOne = new Set(mentions.map(canonical)).size === 1;
    return isOne && line.length <= MAX_LINE_CHARS && (isAtAnEnd || line.includes("]("));
  }

  // of an abstract, as far as full stops tell
  const firstSentence = (abstract) =>
    (/^.*?[.!?](?=\s+[A-Z]|$)/s.exec(abstract)?.[0] ?? abstract).slice(0, MAX_SENTENCE_CHARS);

  const READERS = { id: idIn, link: linked, note: inNote, place: idIn };

  // in a place, a number alone is an id if another place is arXiv
  function paperOf(entry) {
    const of = (role) => entry.filter((field) => field.role === role).map(({ text }) => text);
    const isInArxiv = of("place").some((text) => ARXIV.test(text.trim()));
    const own = (role) =>
      isInArxiv || role !== "place" ? of(role) : of(role).filter((text) => !/^\W*\d{4}\./.test(text));
    const ids = Object.entries(READERS).flatMap(([role, find]) => own(role).map(find));
    const [title, abstract] = ["title", "abstract"].map((role) => oneLine(of(role)[0] ?? ""));
    const names = of("author").slice(0, MAX_AUTHORS).map((name) => oneLine(name).slice(0, MAX_NAME_CHARS));
    const authors = names.filter(Boolean).map(libraryNames.orMore);
    return { id: ids.find(Boolean) ?? doiOf(of), title, abstract, authors, year: of("year")[0] };
  }

  // of a paper that is not on arXiv: in a place a DOI is marked, in a note it is alone, or on a marked line;
  // an address may be a preprint's
  const MARKED = /^\W{0,3}(?:doi\b|https?:\/\/(?:[a-z]{1,9}\.)?doi\.org\/)|\[doi\]$/i;
  function doiOf(of) {
    const marked = of("place").filter((text) => MARKED.test(text));
    const notes = of("note").flatMap((text) => [text, ...linesOf(text).filter((line) => /^doi: /i.test(line))]);
    const own = [...of("id"), ...of("link")];
    const [addresses, others] = [true, false].map((is) => own.filter((text) => /^\s*http/i.test(text) === is));
    return [...others, ...addresses, ...marked, ...notes].map(doiIn).find(Boolean) ?? "";
  }

  // null for another text
  function jsonIn(text) {
    if (!/^\s*[{[]/.test(text)) return null; // a number may be a list of one id
    try {
      return JSON.parse(text);
    } catch {
      return null;
    }
  }

  /** @type {(text: string) => Choices} */
  function choicesIn(text) {
    const json = jsonIn(text);
    if (json) {
      const papers = [json, json.papers, json.items, json.references, json.data].find(Array.isArray) ?? [json];
      return { papers, authors: strings(json.authors), words: strings(json.words), isJson: true };
    }
    const reader = readerOf(text);
    if (typeof reader === "string") return refusal(`is ${reader}, which is not read; export BibTeX, RIS or RDF`);
    return reader ? { papers: reader(text), authors: [], words: [] } : list(text);
  }

  const ENCODINGS = { "255,254": "utf-16le", "254,255": "utf-16be" }; // by byte order mark
  const decoded = (bytes) => new TextDecoder(ENCODINGS[new Uint8Array(bytes).slice(0, 2).join()]).decode(bytes);

  // {papers: [{id, title, abstract, authors, year, words, sentence}], authors, words}; null for a file that names
  // nothing; with `refused`, why a file of another format is not read
  function read(text) {
    const { papers, isJson, ...choices } = choicesIn(text.replace(/^\ufeff/, ""));
    const paperIn = (paper) => ({ ...paperOf(isJson ? jsonEntry(paper) : paper), ...own(isJson ? paper : {}) });
    const unique = new Map();
    for (const paper of papers.map(paperIn).map(withSentence).filter(({ id, title }) => id || title)) {
      if (!unique.has(paper.id || `title ${paper.title}`)) unique.set(paper.id || `title ${paper.title}`, paper);
    }
    const result = { papers: [...unique.values()].slice(0, MAX_PAPERS), ...choices };
    const { authors, words, refused } = choices;
    return result.papers.length || authors.length || words.length || refused ? result : null;
  }

  // what only the site's own pages write
  const own = (paper) => ({
    words: (Array.isArray(paper?.words) ? paper.words : []).filter(paperVectors.isWord).slice(0, 40),
    sentence: typeof paper?.sentence === "string" ? oneLine(paper.sentence) : "",
  });
  const withSentence = (paper) => ({ ...paper, sentence: firstSentence(paper.sentence || paper.abstract) });

  return { read, decoded, idIn };
})();
