// Entries of libraries, as in library_files.py: fields of a role each. All readers are linear.
"use strict";
const libraryEntries = (() => {
  const { FORMULA, withoutTex, fullName, natural, bibtexNames, nameIn, yearIn } = libraryNames;
  const MAX_CHARS = 20000;
  const MAX_PIECES = 200;
  const MAX_STRING_CHARS = 1000;
  const MAX_DEPTH = 50;

  // ---- names of fields, by role

  const [BIBTEX, RIS, ENDNOTE, ENDNOTE_XML, RDF, JSON_FIELDS] = libraryGrammar.roles.map((pairs) => new Map(pairs));

  function fields(roles, pairs) {
    const order = [...roles.keys()];
    const known = pairs.filter(([name, text]) => roles.has(name) && text);
    known.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
    return known.map(([name, text]) => ({ role: roles.get(name), text }));
  }

  // of who wrote it and when; the first field with a year tells
  const byline = (names, years) => [
    ...names.map((text) => ({ role: "author", text })),
    { role: "year", text: years.map((text) => yearIn(`${text}`)).find(Boolean) },
  ];
  const valuesOf = (pairs, ...names) => pairs.filter(([name]) => names.includes(name)).map(([, text]) => text);

  const { unescaped } = paperIds;
  const RICH_TEXT = /<\/?(?:i|b|em|strong|sub|sup|sc|span|p|jats:\w{1,20})(?: [^<>]{0,200})?>/gi;

  // raised texts, as base/text/raised_text.py reads them

  const SUP =
    /<(?:[a-z]{1,9}:)?sup(?: [^<>]{0,100})?>((?:[^<>]|<(?!\/?(?:[a-z]{1,9}:)?sup\b)[^<>]{0,60}>){1,60}?)<\/(?:[a-z]{1,9}:)?sup>/gi;
  const BESIDE = /<\/((?:[a-z]{1,9}:)?)sup>\s?<\1sup>/gi;
  const TAG = /<[^<>]{1,300}>/g;
  const PLAIN_SIGNS = "0123456789+-–−‐‑n";
  const superscripts = (text) => text.replace(/./gu, (sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁻⁻ⁿ"[PLAIN_SIGNS.indexOf(sign)]);

  function raiseText(base, text) {
    const before = base.trimEnd();
    if (!before || /[.,;:!?"'”’“‘]$/.test(before) || text.includes("[")) return text;
    const isNumber = /\p{Nd}$/u.test(before);
    if (/^[+–−‐‑-]?\d+$/.test(text) || (isNumber && /^[+–−‐‑-]*\d[\d+–−‐‑-]*$/.test(text))) return superscripts(text);
    const isPower = isNumber && /\d|^[kmnNx]$/.test(text);
    if (!isPower && !/^[+–−‐‑-]?\d+[./]\d+$|^[+–−‐‑-][\p{L}\p{N}]/u.test(text)) return text;
    return /^[+–−‐‑-]?[\p{L}\p{N}_.,]+$/u.test(text) ? `^${text}` : `^(${text})`;
  }

  const withPowers = (text) =>
    text.replace(BESIDE, "").replace(SUP, (whole, inner, at, all) => {
      const raised = unescaped(inner.replace(TAG, "")).trim();
      const before = unescaped(all.slice(Math.max(at - 100, 0), at).replace(TAG, "")).replace(/&\w+;$/, "x");
      const isIsotope = /\s$/.test(before) && /^\p{L}/u.test(all.slice(at + whole.length));
      const shown = isIsotope ? raised : raiseText(before, raised);
      return shown === raised ? inner : shown.replace(/</g, "&lt;");
    });
  const oneLine = (text) =>
    unescaped(withPowers(text).replace(RICH_TEXT, "")).replace(/\s+/g, " ").trim().slice(0, MAX_CHARS);

  // ---- BibTeX

  const isCommented = (text, lineStart) => at(/[^\S\n]*%/y, text, lineStart) !== null;
  const BIB_KEY = /\s*([^\s,={}"]+)\s*,/y;
  const SIGN_OF = new Map(Object.entries(libraryGrammar.signs));
  const BIB = Object.fromEntries(
    Object.entries(libraryGrammar.patterns).map(([name, source]) => [name, new RegExp(source, "g")]),
  );
  const bibRaised = (whole, raised) => (/^\(|\./.test(raised) ? `^${raised}` : superscripts(raised));
  const plainWords = (text) =>
    withoutTex(text.replace(BIB.style, ""))
      .replace(/(?<!\\)~/g, " ")
      .replace(BIB.sign, (whole, name) => SIGN_OF.get(name ?? whole) ?? whole)
      .replace(BIB.alone, "$1{}")
      .replace(BIB.braces, "$1")
      .replace(/\\([&%$#_])/g, "$1");

  function plainBibtex(text) {
    const plain = text.replace(BIB.raised, bibRaised).replace(BIB.link, "$1 ").replace(BIB.formula, "$$$1$$");
    const parts = plain.split(FORMULA);
    return parts.map((part, n) => (n % 2 ? (SIGN_OF.get(part) ?? part) : plainWords(part))).join("");
  }

  function at(pattern, text, start) {
    pattern.lastIndex = start;
    return pattern.exec(text);
  }

  // of braces before a sign and after it
  function depthAfter(sign, depth) {
    if (sign === "{") return depth + 1;
    return sign === "}" ? depth - 1 : depth;
  }

  function bibEnd(text, start) {
    let depth = 1;
    const sign = /\\[^]|[{}]|\n[ \t]*@[A-Za-z]+[ \t]*[{(]/g;
    for (let match = at(sign, text, start); match; match = sign.exec(text)) {
      depth = depthAfter(match[0], depth);
      if (!depth || match[0][0] === "\n") return match.index;
    }
    return text.length;
  }

  function bibValue(body, start, strings) {
    if (body[start] !== "{" && body[start] !== '"') {
      const word = at(/[^\s,={}"#()]+/y, body, start);
      return word ? [strings.get(word[0].toLowerCase()) ?? word[0], start + word[0].length] : ["", start + 1];
    }
    const isQuoted = body[start] === '"';
    const sign = /\\[^]|[{}"]/g;
    let depth = 0;
    for (let match = at(sign, body, start + Number(isQuoted)); match; match = sign.exec(body)) {
      depth = depthAfter(match[0], depth);
      if (!depth && match[0] === (isQuoted ? '"' : "}")) return [body.slice(start + 1, match.index), match.index + 1];
    }
    return [body.slice(start + 1), body.length];
  }

  function bibPairs(body, strings) {
    const pairs = [];
    const name = /(?<![^\s,={}"#()%'])([^\s,={}"#()%']+)\s*=\s*/g;
    let start = at(BIB_KEY, body, 0)?.[0].length ?? 0;
    for (let match = at(name, body, start); match; match = at(name, body, start)) {
      const pieces = [];
      start = match.index + match[0].length;
      while (pieces.length < MAX_PIECES) {
        const [piece, end] = bibValue(body, start, strings);
        const joined = at(/\s*#\s*/y, body, end);
        pieces.push(piece);
        start = end + (joined?.[0].length ?? 0);
        if (!joined) break;
      }
      pairs.push([match[1].toLowerCase(), pieces.join("")]);
    }
    return pairs;
  }

  // an eprint of another archive is none; 9901001 with the class hep-th is of the old style
  function withOwnId(pairs) {
    const all = new Map(pairs);
    const archive = (all.get("archiveprefix") ?? all.get("eprinttype") ?? "arxiv").toLowerCase().replace(/\.org$/, "");
    const category = all.get("primaryclass") ?? all.get("eprintclass") ?? "";
    const eprint = (text) => {
      if (archive !== "arxiv") return `${archive}/${text}`;
      return /^\d{7}(?:v\d+)?$/.test(text) ? `${category}/${text}` : text;
    };
    return [...all].map(([name, text]) => [name, name === "eprint" ? eprint(text) : text]);
  }

  function bibtex(text) {
    const entries = [];
    const strings = new Map();
    const opening = /@[ \t]*([A-Za-z]+)[ \t]*(?:\n[ \t]*)?[{(]/g;
    let lineStart = 0;
    let readTo = 0;
    for (let match = at(opening, text, 0); match; match = at(opening, text, opening.lastIndex)) {
      const kind = match[1].toLowerCase();
      const inner = match.index + match[0].length;
      const end = bibEnd(text, inner);
      const body = text.slice(inner, end);
      const between = text.slice(readTo, match.index);
      if (between.includes("\n")) lineStart = readTo + between.lastIndexOf("\n") + 1;
      readTo = match.index;
      opening.lastIndex = Math.max(end, inner);
      const isEntry = !["comment", "preamble"].includes(kind) && !/[\p{L}\p{N}]$/u.test(between);
      if (!isEntry || isCommented(text, lineStart)) continue;
      const pairs = bibPairs(body, strings);
      if (kind !== "string") entries.push(bibEntry(body, pairs));
      else for (const [name, value] of pairs) strings.set(name, value.slice(0, MAX_STRING_CHARS));
    }
    return entries;
  }

  function bibEntry(body, pairs) {
    const key = at(BIB_KEY, body, 0);
    const plain = withOwnId(pairs).map(([name, value]) => [name, plainBibtex(value)]);
    const names = valuesOf(pairs, "author").flatMap((value) => bibtexNames(withoutTex(value), plainBibtex));
    const notes = key ? [{ role: "note", text: key[1] }] : [];
    return [...fields(BIBTEX, plain), ...notes, ...byline(names, valuesOf(pairs, "year", "date"))];
  }

  // ---- tags at the beginnings of lines

  const CUT_AT = [70, 255]; // after so many characters programs cut a value, also within a word

  function joined(lines) {
    const isCut = lines.length > 1 && CUT_AT.some((width) => lines.slice(0, -1).every((line) => line.length === width));
    return isCut ? lines.join("") : lines.map((line) => line.trim()).join("\n");
  }

  const AUTHORS = [["FAU", "CN"], ["AU", "A1", "%A"]]; // PubMed has whole names, and then them shortened
  const YEARS = ["PY", "Y1", "DA", "DP", "%D"];

  function taggedEntry(pairs, roles) {
    const [whole, names] = AUTHORS.map((tags) => valuesOf(pairs, ...tags));
    return [...fields(roles, pairs), ...byline((whole.length ? whole : names).map(natural), valuesOf(pairs, ...YEARS))];
  }

  function tagged(text, pattern, first, roles) {
    const records = [[]];
    for (const line of paperIds.linesOf(text)) {
      const match = pattern.exec(line);
      if (match && first.includes(match[1]) && records.at(-1).length) records.push([]);
      if (match) records.at(-1).push([match[1], [match[2] ?? ""]]);
      else if (line.trim() && records.at(-1).length) records.at(-1).at(-1)[1].push(line);
    }
    const pairs = records.map((record) => record.map(([tag, lines]) => [tag, joined(lines)]));
    return pairs.map((ofRecord) => taggedEntry(ofRecord, roles));
  }
  const ris = (text) => tagged(text, /^([A-Z][A-Z0-9]{1,3}) {0,2}-(?: ([^]*)|$)/, ["TY", "PMID"], RIS);
  const endnote = (text) => tagged(text, /^(%[A-Z0-9@!#$&()*+<>?[\]^~])(?: ([^]*)|$)/, ["%0"], ENDNOTE);

  // ---- XML, also where it is not well-formed

  const XML =
    /<!--[^]*?(?:-->|$(?![^]))|<!\[CDATA\[([^]*?)(?:\]\]>|$(?![^]))|<[?!][^<>]*>|<(\/?)([\w:.-]+)((?:[^\w:.<>-][^<>]*?)?)(\/?)>|([^<]+|<)/g;
  const local = (name) => name.slice(name.lastIndexOf(":") + 1);
  const children = (element, ...names) =>
    element.content.filter((node) => node.name && (!names.length || names.includes(node.name)));
  const RUNS = ["style", "i", "b", "em", "strong", "sub", "sup", "sc", "span"]; // which may begin and end within a word
  const blank = ({ name }) => (!name || RUNS.includes(name) ? "" : " ");
  const textOf = (element) =>
    element.content.map((node) => blank(node) + (node.name ? textOf(node) : node) + blank(node)).join("");

  function xmlElement(name, attributes) {
    const pairs = [...attributes.matchAll(/(?<![\w:.-])([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
    const values = pairs.map(([, key, first, two]) => /** @type {const} */ ([local(key), unescaped(first ?? two)]));
    return { name: local(name), attributes: new Map(values), content: [] };
  }

  function xmlRoot(text) {
    const root = { name: "", content: [] };
    const open = [root];
    for (const [, data, close, name, attributes, empty, words] of text.matchAll(XML)) {
      if (name && close) {
        const place = open.findLastIndex((element) => element.name === local(name));
        if (place > 0) open.length = place;
      } else if (name && open.length < MAX_DEPTH) {
        const element = xmlElement(name, attributes);
        open.at(-1).content.push(element);
        if (!empty) open.push(element);
      } else if (data || words) {
        open.at(-1).content.push(data || unescaped(words));
      }
    }
    return root;
  }

  const NO_PAPERS = ["Attachment", "Memo", "Collection", "Journal", "Periodical", "Series", "Conference", "Person"];
  const NO_ITEMS = ["attachment", "note", "annotation"];

  function rdf(text) {
    const nodes = children(xmlRoot(text)).flatMap((root) => children(root));
    const byAddress = new Map(nodes.map((node) => [node.attributes.get("about") ?? "", node]));
    const isItem = (node) => {
      const kind = children(node, "itemType").map(textOf).join("").trim();
      const types = children(node, "type").map((type) => (type.attributes.get("resource") ?? "").split(/[#/]/).at(-1));
      return kind ? !NO_ITEMS.includes(kind) : ![node.name, ...types].some((name) => NO_PAPERS.includes(name));
    };
    return nodes.filter(isItem).map((node) => {
      const own = children(node).map((child) => [child.name, textOf(child)]);
      const wholes = children(node, "isPartOf").flatMap((whole) => children(whole));
      const parts = wholes.flatMap((part) => children(part, "title", "identifier", "number", "volume"));
      const named = parts.map((child) => [child.name === "title" ? "journal" : child.name, textOf(child)]);
      const links = children(node, "link", "isPartOf");
      const others = links.map((link) => byAddress.get(link.attributes.get("resource") ?? "")).filter(Boolean);
      const ofOthers = others.flatMap((other) => children(other, "identifier"));
      const identifiers = ofOthers.map((child) => ["identifier", textOf(child)]);
      const people = children(node, "authors").flatMap((authors) => within(authors, ["Person"]));
      const names = people.map((person) =>
        fullName(...["givenName", "surname"].map((name) => children(person, name).map(textOf).join(" "))),
      );
      const known = fields(RDF, [["about", node.attributes.get("about") ?? ""], ...own, ...named, ...identifiers]);
      return [...known, ...byline(names, valuesOf(own, "date"))];
    });
  }

  const within = (element, names) =>
    children(element).flatMap((child) => (names.includes(child.name) ? [child] : within(child, names)));

  function endnoteXml(text) {
    const names = [...ENDNOTE_XML.keys()];
    const pairsOf = (record) => within(record, names).map((leaf) => [leaf.name, textOf(leaf)]);
    return within(xmlRoot(text), ["record"]).map((record) => {
      const names = within(record, ["authors"]).flatMap((authors) => within(authors, ["author"]).map(textOf));
      const years = within(record, ["year"]).map(textOf);
      return [...fields(ENDNOTE_XML, pairsOf(record)), ...byline(names.map(natural), years)];
    });
  }

  // ---- JSON, arXiv's mails

  function jsonEntry(paper) {
    if (typeof paper === "string") return [{ role: "id", text: paper }];
    const inner = [paper?.data, paper, {}].find((value) => value instanceof Object);
    const others = inner.externalIds instanceof Object ? inner.externalIds : {};
    if (NO_ITEMS.includes(inner.itemType)) return [];
    const pairs = Object.entries({ ...others, ...inner }).filter(([, value]) => typeof value === "string");
    const people = [inner.author, inner.creators, inner.authors].find(Array.isArray) ?? [];
    const authors = people.filter((person) => (person?.creatorType ?? "author") === "author");
    const years = [JSON.stringify(inner.issued), inner.year, inner.date]; // CSL has parts, or a text
    return [...fields(JSON_FIELDS, pairs), ...byline(authors.map(nameIn), years)];
  }

  function arxivMail(text) {
    const parts = text.replace(/\r\n?/g, "\n").split(/^-{20,}$|^\\\\[ \t]*\n(?=arXiv:)/m);
    return parts.map((part) => {
      const title = /^Title: (.+(?:\n {2}.+)*)/m.exec(part);
      const rest = title ? part.slice(title.index + title[0].length) : "";
      const abstract = /^\\\\[ \t]*\n((?:(?!\\\\).*\n)*(?:(?!\\\\).+)?)/m.exec(rest);
      const matches = Object.entries({ id: /^arXiv:(\S+)/m.exec(part), title, abstract });
      return matches.filter(([, match]) => match).map(([role, match]) => ({ role, text: match[1] }));
    });
  }

  return { oneLine, jsonEntry, bibtex, ris, endnote, rdf, endnoteXml, arxivMail };
})();
