// A reader's library as files: read from BibTeX, RIS, EndNote, PubMed, Zotero RDF, arXiv's mails, lists and JSON, as
// library_files.py and stars.py read them; written as some of them. All readers are linear.
"use strict";
const paperLibrary = (() => {
  const LONGEST = 20000;
  const LONGEST_SENTENCE = 400;
  const LONGEST_LINE = 500;
  const MOST = 10000;
  const MOST_PIECES = 200;
  const LONGEST_STRING = 1000;
  const DEEPEST = 50;

  // ---- ids, as in base/papers/arxiv/grammar.py

  const MM = "(?:0[1-9]|1[0-2])";
  const NEW = `(?:070[4-9]|071[0-2]|(?:0[89]|1[0-4])${MM})\\.(?!0000)\\d{4}|(?:1[5-9]|[2-4]\\d|50)${MM}\\.(?!00000)\\d{5}`;
  const ARCHIVES =
    "acc-phys|adap-org|alg-geom|astro-ph|bayes-an|chao-dyn|comp-gas|cond-mat|funct-an|patt-sol|plasm-ph|quant-ph|solv-int|supr-con|atom-ph|chem-ph|hep-lat|math-ph|mtrl-th|nucl-ex|nucl-th|physics|ao-sci|cmp-lg|hep-ex|hep-ph|hep-th|dg-ga|gr-qc|q-alg|q-bio|math|nlin|cs";
  const NUMBER = `(?:910[89]|911[0-2]|070[1-3]|(?:9[2-9]|0[0-6])${MM})(?!000)\\d{3}`;
  const ID = `(?:(${NEW})|(${ARCHIVES})(?:\\.[a-z]{2,6}(?:-[a-z]{2,4})?)?/(${NUMBER}))(?:v[1-9]\\d{0,2})?(?![a-z0-9]|\\.\\d)`;
  const PLACE =
    "(?:(?:arxiv\\.org|ar5iv[\\w.]*|alphaxiv\\.org|huggingface\\.co|scirate\\.com|doi\\.org|semanticscholar\\.org)/|arxiv:)";
  const LINK = `(?:https?://)?(?:[\\w-]+\\.)*${PLACE}(?:[\\w-]+/)*?(?:10\\.48550/)?(?:arxiv[.:])?`;
  const MENTION = new RegExp(
    `(?<![\\w.])(?:${LINK}|(?:doi: ?)?10\\.48550/arxiv\\.|arxiv ?[-:.]? ?)${ID}(?:\\.pdf)?(?:\\?[^\\s<>"]*)?`,
    "gi",
  );
  const WHOLE = new RegExp(
    `^(?:${LINK}|(?:doi: ?)?10\\.48550/arxiv\\.|arxiv *(?:[:.] *)?)?${ID}(?:\\.(?:pdf|html?))?/?(?:[?#]\\S*)?(?: ?\\[[a-z., -]{2,60}\\]?)?$`,
    "i",
  );
  const BEFORE_ID = new RegExp(
    String.raw`^(?:(?:arxiv )?(?:e-?prints?|preprints?)(?: at| on)?[:,.]? (?:p\. )?(?=arxiv|doi|https?:|10\.48550)|corr,? ` +
      String.raw`|(?:\[?online\]?[.:]? )?(?:available|posted|published)(?: online)?(?: at| on| from| as)?:? |url: ?|arxiv (?=abs/)` +
      String.raw`|arxiv(?: \[preprint\])?\.? (?:19|20)\d\d(?: [a-z]{3})?(?: \d\d?)?(?:;[^:]{0,20})?: ?)?(?:abs/)?`,
    "i",
  );
  const AFTER_ID = /(?<=[\d\]]),? \(?(?:19|20)\d\d\)?\.?$/;
  const AROUND = /^[\s,;:."'()[\]<>{}|*_`!-]+|[\s,;:."'()[\]<>{}|*_`!-]+$/g;
  const ARXIV = /^(?:arxiv(?:\.org)?|corr)(?: \W?(?:e-?prints?|preprints?|cornell university)\W?)?$/i; // as a journal
  const FACT = /^(?:citation ?key|cite ?key|pmc?id|doi|version|type|is[bs]n|tex\.\w+): /i;
  const LABELED = /^(?:[\w.]+|citation key): /i;

  const canonical = (match) => (match[1] || `${match[2]}/${match[3]}`).toLowerCase();
  const trimmed = (text) => text.replace(AROUND, "");

  function wholeId(text) {
    const match = text.length <= 2000 && WHOLE.exec(trimmed(text));
    return match ? canonical(match) : "";
  }

  // of a text that is an id, its address, or both, and nothing else
  function idIn(text) {
    const line = text.slice(0, LONGEST).replace(/\s+/g, " ").trim().replace(BEFORE_ID, "").replace(AFTER_ID, "");
    const [first, second, ...others] = line.split(" ").map(wholeId);
    return wholeId(line) || (first === second && !others.length && first) || "";
  }

  function linked(text) {
    const [match] = text.matchAll(MENTION);
    return match ? canonical(match) : /^(?:corr )?abs\//i.test(text) ? idIn(text) : "";
  }

  // of a note that is an id, perhaps among lines such as `version: 1`; other lines may be a sentence about it
  function inNote(text) {
    const all = text.split(/\r?\n/).filter((line) => line.trim());
    const lines = all.slice(all.findIndex((line) => !FACT.test(line)));
    return lines.length === 1 || LABELED.test(lines[1] ?? "") ? idIn(lines[0]) : "";
  }

  // ---- entries, as in library_files.py: fields of a role each

  const table = (roles) =>
    new Map(Object.entries(roles).flatMap(([role, names]) => names.split(" ").map((name) => [name, role])));
  const BIBTEX = table({
    title: "title",
    abstract: "abstract",
    id: "eprint arxivid arxiv arxiv_id",
    link: "doi url ee link pdf",
    note: "note annote annotation addendum key",
    place:
      "journal journaltitle booktitle howpublished volume number eid pages articleno publisher institution series issue type report location",
  });
  const RIS = table({
    title: "TI T1 CT BT",
    abstract: "AB N2",
    id: "AN",
    link: "DO UR L1 L2 L3 L4 LK",
    note: "N1 RN ID",
    place: "AID LID JO JF JA J1 J2 T2 T3 JT TA VL VI IS IP M1 M2 M3 C1 C2 C3 C4 C5 C6 C7 C8 CN CI SO PG SP SE PB U1 U2",
  });
  const ENDNOTE = table({
    title: "%T",
    abstract: "%X",
    id: "%M",
    link: "%U %R",
    note: "%Z %F",
    place: "%J %B %V %N %P %9 %L %1 %2 %3 %4 %I %S",
  });
  const ENDNOTE_XML = table({
    title: "title",
    abstract: "abstract",
    id: "accession-num",
    link: "electronic-resource-num url",
    note: "notes label research-notes",
    place:
      "full-title secondary-title volume number pages section work-type call-num publisher custom1 custom2 custom3 custom4 custom5 custom6 custom7",
  });
  const RDF = table({
    title: "title",
    abstract: "abstract",
    link: "about identifier",
    note: "description",
    place: "journal number volume pages coverage type publisher",
  });
  const JSON_FIELDS = table({
    title: "title",
    abstract: "abstract abstractNote",
    id: "id arxiv arxivId arxiv_id ArXiv eprint archiveID archive_location archiveLocation",
    link: "DOI doi URL url link",
    note: "note extra",
    place:
      "journal container-title publicationTitle volume number issue page pages eid article-number section genre collection-number reportNumber publisher repository archive source",
  });

  function fields(roles, pairs) {
    const order = [...roles.keys()];
    const known = pairs
      .filter(([name, text]) => roles.has(name) && text)
      .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
    return known.map(([name, text]) => ({ role: roles.get(name), text }));
  }

  const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };
  const unescaped = (text) =>
    text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,6}));/gi, (whole, ten, hex, name) => {
      if (name) return NAMED[name] ?? whole;
      const code = ten ? Number(ten) : parseInt(hex, 16);
      return code > 0 && code < 0x110000 ? String.fromCodePoint(code) : whole;
    });
  const RICH_TEXT = /<\/?(?:i|b|em|strong|sub|sup|sc|span|p|jats:\w{1,20})(?: [^<>]{0,200})?>/gi;
  const oneLine = (text) => unescaped(text.replace(RICH_TEXT, "")).replace(/\s+/g, " ").trim().slice(0, LONGEST);

  // ---- BibTeX

  const COMMENTED = (text, lineStart) => at(/[^\S\n]*%/y, text, lineStart) !== null;
  const BIB_KEY = /\s*([^\s,={}"]+)\s*,/y;
  const BIB_STYLE =
    /\\(?:emph|mkbib[a-z]+|url|path|nolinkurl|text(?:it|bf|sc|tt|rm|sf|sl|up|subscript|superscript|normal))\s*(?=\{)/g;
  const SIGN_OF = {
    textless: "<",
    textgreater: ">",
    textunderscore: "_",
    textasciicircum: "^",
    textbar: "|",
    "``": "“",
    "''": "”",
  };
  const BIB_SIGNS = /\\(text(?:less|greater|underscore|asciicircum|bar))(?![A-Za-z])(?:\{\}| ?)|``|''/g;
  const BIB_LINK = /\\href\s*\{([^{}]*)\}\s*(?=\{)/g;
  const BIB_OWN = (text) =>
    text
      .replace(BIB_LINK, "$1 ")
      .replace(BIB_STYLE, "")
      .replace(BIB_SIGNS, (whole, name) => SIGN_OF[name ?? whole])
      .replace(/\\([&%$#_])/g, "$1")
      .replace(/[{}]/g, "")
      .replace(/(?<!\\)~/g, " ");

  function at(pattern, text, start) {
    pattern.lastIndex = start;
    return pattern.exec(text);
  }

  function bibEnd(text, start) {
    let depth = 1;
    const sign = /\\[^]|[{}]|\n[ \t]*@[A-Za-z]+[ \t]*[{(]/g;
    for (let match = at(sign, text, start); match; match = sign.exec(text)) {
      depth += (match[0] === "{") - (match[0] === "}");
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
    for (let match = at(sign, body, start + isQuoted); match; match = sign.exec(body)) {
      depth += (match[0] === "{") - (match[0] === "}");
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
      while (pieces.length < MOST_PIECES) {
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
    const eprint = (text) =>
      archive !== "arxiv" ? `${archive}/${text}` : /^\d{7}(?:v\d+)?$/.test(text) ? `${category}/${text}` : text;
    return [...all].map(([name, text]) => [name, name === "eprint" ? eprint(text) : text]);
  }

  function bibtex(text) {
    const found = [];
    const strings = new Map();
    const opening = /@[ \t]*([A-Za-z]+)[ \t]*(?:\n[ \t]*)?[{(]/g;
    let start = 0;
    let lineStart = 0;
    let readTo = 0;
    for (let match = at(opening, text, 0); match; match = at(opening, text, start)) {
      const kind = match[1].toLowerCase();
      const inner = match.index + match[0].length;
      const end = bibEnd(text, inner);
      const body = text.slice(inner, end);
      const between = text.slice(readTo, match.index);
      if (between.includes("\n")) lineStart = readTo + between.lastIndexOf("\n") + 1;
      readTo = match.index;
      start = Math.max(end, inner);
      if (kind === "comment" || kind === "preamble" || /[\p{L}\p{N}]$/u.test(between) || COMMENTED(text, lineStart))
        continue;
      const pairs = bibPairs(body, strings);
      const key = at(BIB_KEY, body, 0);
      if (kind === "string") pairs.forEach(([name, value]) => strings.set(name, value.slice(0, LONGEST_STRING)));
      else {
        const own = fields(
          BIBTEX,
          withOwnId(pairs).map(([name, value]) => [name, BIB_OWN(value)]),
        );
        found.push([...own, ...(key ? [{ role: "note", text: key[1] }] : [])]);
      }
    }
    return found;
  }

  // ---- tags at the beginnings of lines

  const CUT_AT = [70, 255]; // after so many characters programs cut a value, also within a word

  function joined(lines) {
    const isCut = lines.length > 1 && CUT_AT.some((width) => lines.slice(0, -1).every((line) => line.length === width));
    return isCut ? lines.join("") : lines.map((line) => line.trim()).join(" ");
  }

  function tagged(text, pattern, first, roles) {
    const records = [[]];
    for (const line of text.split(/\r\n|\r|\n/)) {
      const match = pattern.exec(line);
      if (match && first.includes(match[1]) && records.at(-1).length) records.push([]);
      if (match) records.at(-1).push([match[1], [match[2] ?? ""]]);
      else if (line.trim() && records.at(-1).length) records.at(-1).at(-1)[1].push(line);
    }
    return records.map((record) =>
      fields(
        roles,
        record.map(([tag, lines]) => [tag, joined(lines)]),
      ),
    );
  }
  const ris = (text) => tagged(text, /^([A-Z][A-Z0-9]{1,3}) {0,2}-(?: (.*)|$)/, ["TY", "PMID"], RIS);
  const endnote = (text) => tagged(text, /^(%[A-Z0-9@!#$&()*+<>?[\]^~])(?: (.*)|$)/, ["%0"], ENDNOTE);

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
    return {
      name: local(name),
      attributes: new Map(pairs.map(([, key, one, two]) => [local(key), unescaped(one ?? two)])),
      content: [],
    };
  }

  function xmlRoot(text) {
    const root = { name: "", content: [] };
    const open = [root];
    for (const [, data, close, name, attributes, empty, words] of text.matchAll(XML)) {
      if (name && close) {
        const place = open.findLastIndex((element) => element.name === local(name));
        if (place > 0) open.length = place;
      } else if (name && open.length < DEEPEST) {
        const element = xmlElement(name, attributes);
        open.at(-1).content.push(element);
        if (!empty) open.push(element);
      } else if (data || words) open.at(-1).content.push(data || unescaped(words));
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
      const others = children(node, "link", "isPartOf")
        .map((link) => byAddress.get(link.attributes.get("resource") ?? ""))
        .filter(Boolean);
      const own = children(node).map((child) => [child.name, textOf(child)]);
      const parts = children(node, "isPartOf")
        .flatMap((whole) => children(whole))
        .flatMap((part) => children(part, "title", "identifier", "number", "volume"));
      const named = parts.map((child) => [child.name === "title" ? "journal" : child.name, textOf(child)]);
      const identifiers = others
        .flatMap((other) => children(other, "identifier"))
        .map((child) => ["identifier", textOf(child)]);
      return fields(RDF, [["about", node.attributes.get("about") ?? ""], ...own, ...named, ...identifiers]);
    });
  }

  const within = (element, names) =>
    children(element).flatMap((child) => (names.includes(child.name) ? [child] : within(child, names)));
  const endnoteXml = (text) =>
    within(xmlRoot(text), ["record"]).map((record) =>
      fields(
        ENDNOTE_XML,
        within(record, [...ENDNOTE_XML.keys()]).map((leaf) => [leaf.name, textOf(leaf)]),
      ),
    );

  // ---- JSON, arXiv's mails

  function jsonEntry(paper) {
    if (typeof paper === "string") return [{ role: "id", text: paper }];
    const inner = paper?.data instanceof Object ? paper.data : paper instanceof Object ? paper : {};
    const others = inner.externalIds instanceof Object ? inner.externalIds : {};
    if (NO_ITEMS.includes(inner.itemType)) return [];
    return fields(
      JSON_FIELDS,
      Object.entries({ ...others, ...inner }).filter(([, value]) => typeof value === "string"),
    );
  }

  function arxivMail(text) {
    return text
      .replace(/\r\n/g, "\n")
      .split(/^-{20,}$|^\\\\[ \t]*\n(?=arXiv:)/m)
      .map((part) => {
        const title = /^Title: (.+(?:\n {2}.+)*)/m.exec(part);
        const abstract =
          title && /^\\\\[ \t]*\n((?:(?!\\\\).*\n)*(?:(?!\\\\).+)?)/m.exec(part.slice(title.index + title[0].length));
        const found = { id: /^arXiv:(\S+)/m.exec(part), title, abstract };
        return Object.entries(found)
          .filter(([, match]) => match)
          .map(([role, match]) => ({ role, text: match[1] }));
      });
  }

  // ---- which format; a list has one paper a line

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
    [/^(?:%PDF-|PK\x03\x04)/, "a PDF or an archive"],
  ];

  // the first sign in a file tells: a later one may be in an abstract
  function readerOf(text) {
    const found = FORMATS.map(([sign, reader]) => [text.search(sign), reader]).filter(([place]) => place >= 0);
    return found.sort(([a], [b]) => a - b)[0]?.[1];
  }

  function list(text) {
    const links = [...text.matchAll(/<a\b[^<>]*?\bhref\s*=\s*["']([^"'<>]+)/gi)].map(([, link]) => link);
    const papers = [];
    const followed = { author: [], word: [] };
    for (const [n, whole] of (links.length ? links : text.split(/\r\n|\r|\n/)).entries()) {
      const line = whole
        .replace(/(?:^|\s)#.*/, "")
        .trim()
        .replace(/^(?:[-*+•]|\d{1,3}[.)])\s+(?=\S)/, "");
      const follows = /^(author|word):\s*(\S.*)$/i.exec(line);
      const mentions = [...line.matchAll(MENTION)];
      if (follows) followed[follows[1].toLowerCase()].push(follows[2].trim());
      else if (bareIds(line).length) papers.push(...bareIds(line));
      else if (!mentions.length) continue;
      else if (links.length || isOfList(line, mentions)) papers.push(...mentions.map(canonical));
      else
        return {
          papers: [],
          authors: [],
          words: [],
          refused: `line ${n + 1} names a paper within other words; write one id or address a line`,
        };
    }
    return { papers: papers.map((id) => [{ role: "id", text: id }]), authors: followed.author, words: followed.word };
  }

  // of a line that is ids and addresses alone, or has one in a column, or as a number before or after a title
  function bareIds(line) {
    const ids = line
      .split(/[\s,;]+/)
      .map(trimmed)
      .filter(Boolean)
      .map(idIn);
    const whole = idIn(trimmed(line));
    if (!whole && ids.every(Boolean)) return ids;
    const cells = line.split(/[\t|]|[,;](?=\S)/);
    const inCells = cells.length > 1 ? cells.map((cell) => idIn(trimmed(cell))) : [];
    return [whole, ...inCells, numberAtAnEnd(line)].filter(Boolean).slice(0, 1);
  }

  const FIRST_ID = new RegExp(String.raw`^\W*${ID}`, "i");
  const LAST_ID = new RegExp(String.raw`(?:[\t,;:|(\[<"'“]|\s[-–—])\s*${ID}\W*$`, "i");
  function numberAtAnEnd(line) {
    const match = line.length <= LONGEST_LINE && (FIRST_ID.exec(line) || LAST_ID.exec(line));
    return match ? canonical(match) : "";
  }

  function isOfList(line, mentions) {
    const [first] = mentions;
    const ends = mentions.map(({ index, 0: text }) => index + text.length);
    const between = [0, ...ends].map((end, n) => line.slice(end, mentions[n]?.index ?? line.length)).join("");
    if (!/\p{L}{2}/u.test(between)) return true;
    const isAtAnEnd = !trimmed(line.slice(0, first.index)) || !trimmed(line.slice(ends.at(-1)));
    const isOne = new Set(mentions.map(canonical)).size === 1;
    return isOne && line.length <= LONGEST_LINE && (isAtAnEnd || line.includes("]("));
  }

  const isWord = (word) => Array.isArray(word) && typeof word[0] === "string" && word[1] > 0 && word[1] < 64;
  const texts = (values) => (Array.isArray(values) ? values.filter((value) => typeof value === "string") : []);

  // of an abstract, as far as full stops tell
  const firstSentence = (abstract) =>
    (/^.*?[.!?](?=\s+[A-Z]|$)/s.exec(abstract)?.[0] ?? abstract).slice(0, LONGEST_SENTENCE);

  const READERS = { id: idIn, link: linked, note: inNote, place: idIn };

  // in a place, a number alone is an id if another place is arXiv
  function paperOf(entry) {
    const of = (role) => entry.filter((field) => field.role === role).map(({ text }) => text);
    const isInArxiv = of("place").some((text) => ARXIV.test(text.trim()));
    const own = (role) =>
      isInArxiv || role !== "place" ? of(role) : of(role).filter((text) => !/^\W*\d{4}\./.test(text));
    const id =
      Object.entries(READERS)
        .flatMap(([role, find]) => own(role).map(find))
        .find(Boolean) ?? "";
    return { id, title: oneLine(of("title")[0] ?? ""), abstract: oneLine(of("abstract")[0] ?? "") };
  }

  function choicesIn(text) {
    let json = null;
    try {
      json = /^\s*[{\[]/.test(text) ? JSON.parse(text) : null; // a number may be a list of one id
    } catch {
      json = null;
    }
    if (!json) {
      const reader = readerOf(text);
      if (typeof reader === "string")
        return {
          papers: [],
          authors: [],
          words: [],
          refused: `is ${reader}, which is not read; export BibTeX, RIS or RDF`,
        };
      return reader ? { papers: reader(text), authors: [], words: [] } : list(text);
    }
    const found = [json, json?.papers, json?.items, json?.references, json?.data].find(Array.isArray);
    return {
      papers: found ?? (json instanceof Object ? [json] : []),
      authors: texts(json?.authors),
      words: texts(json?.words),
      isJson: true,
    };
  }

  const ENCODINGS = { "255,254": "utf-16le", "254,255": "utf-16be" }; // by byte order mark
  const decoded = (bytes) => new TextDecoder(ENCODINGS[new Uint8Array(bytes).slice(0, 2)]).decode(bytes);

  // {papers: [{id, title, abstract, authors, words, sentence}], authors, words}; null for a file that names nothing;
  // with `refused`, why a file of another format is not read
  function read(text) {
    const { papers, isJson, ...choices } = choicesIn(text.replace(/^\ufeff/, ""));
    const read = papers.map((paper) => ({
      ...paperOf(isJson ? jsonEntry(paper) : paper),
      ...own(isJson ? paper : {}),
    }));
    const unique = new Map();
    for (const paper of read.map(withSentence).filter(({ id, title }) => id || title)) {
      if (!unique.has(paper.id || `title ${paper.title}`)) unique.set(paper.id || `title ${paper.title}`, paper);
    }
    const result = { papers: [...unique.values()].slice(0, MOST), ...choices };
    return result.papers.length || choices.authors.length || choices.words.length || choices.refused ? result : null;
  }

  // what only the site's own pages write
  const own = (paper) => ({
    words: (Array.isArray(paper?.words) ? paper.words : []).filter(isWord).slice(0, 40),
    authors: texts(paper?.authors),
    sentence: typeof paper?.sentence === "string" ? oneLine(paper.sentence) : "",
  });
  const withSentence = (paper) => ({ ...paper, sentence: firstSentence(paper.sentence || paper.abstract) });

  // ---- written

  const address = ({ id }) => (id ? `https://arxiv.org/abs/${id}` : "");

  // BibTeX's values, as in base/text/bibtex.py: formulas stay, and between them nothing stops LaTeX

  const FORMULA =
    /\\[\\$]|\$\$(?:[^$\\]|\\[^]){1,1000}?\$\$|\$(?!\s*\d[\d.,]*\s)(?:[^$\\]|\\[^]){1,1000}?\$(?!\d)|\\\([^]{1,1000}?\\\)|\\\[[^]{1,1000}?\\\]/g;
  const GREEK =
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho varsigma sigma tau upsilon phi chi psi omega".split(
      " ",
    );
  const CAPITALS = {
    Γ: "Gamma",
    Δ: "Delta",
    Θ: "Theta",
    Λ: "Lambda",
    Ξ: "Xi",
    Π: "Pi",
    Σ: "Sigma",
    Φ: "Phi",
    Ψ: "Psi",
    Ω: "Omega",
  };
  const SIGNS = {
    "×": "times",
    "∼": "sim",
    "→": "to",
    "≤": "leq",
    "≥": "geq",
    "±": "pm",
    "∞": "infty",
    "≈": "approx",
    ℓ: "ell",
    "∈": "in",
    "⊂": "subset",
    "∂": "partial",
    "∇": "nabla",
    "≠": "neq",
    µ: "mu",
  };
  const letters = new Map(
    [
      ...GREEK.map((name, n) => [String.fromCodePoint(0x3b1 + n), name]),
      ...Object.entries({ ...CAPITALS, ...SIGNS }),
    ].filter(([, name]) => name !== "o"),
  );
  const symbols = new Set([
    ...letters.values(),
    "rightarrow",
    "leftarrow",
    "ge",
    "le",
    "cdot",
    "circ",
    "simeq",
    "odot",
    "varphi",
    "varepsilon",
    "ast",
    "prime",
  ]);
  const TEXTS = new Set(
    "emph textit textbf textsc texttt textrm textsuperscript textsubscript u v H c d b k r t ss o O l L ae AE oe OE aa AA i j dots ldots".split(
      " ",
    ),
  );
  const IN_TEXT = new RegExp(
    String.raw`\\([A-Za-z]+)(?:(\s*(?=\{\s*(?:[^\s}]|${"$"})))|)|(\\["'${"`"}^~=.](?=\s*[\w\\{])|\\[\\%&#_${"$"}{}])|(\\)|(?<=[\w)\]}])\^(?:\{([\w+*'-]{1,50})\}|([+-]?\d+|[A-Za-z+*'-]))` +
      `|[\\^_$~&%#${[...letters.keys()].join("")}]`,
    "gu",
  );
  const TWO_FORMS =
    /\\texorpdfstring\s*\{((?:[^{}]|\{[^{}]{0,100}\}){0,1000})\}\s*\{(?:[^{}]|\{[^{}]{0,100}\}){0,1000}\}/g;
  const LITERAL = { "^": "\\textasciicircum{}", "~": " " };

  function isBalanced(text) {
    let depth = 0;
    for (const [sign] of text.matchAll(/\\[^]|[{}]/g)) {
      depth += (sign === "{") - (sign === "}");
      if (depth < 0) return false;
    }
    return !depth;
  }

  function inText(match, name, rest, kept, backslash, group, raised) {
    if (name && symbols.has(name)) return `$\\${name}$`;
    if (name) return TEXTS.has(name) ? match : rest === undefined ? name : "";
    if (backslash) return "";
    if (group || raised) return `\\textsuperscript{${group || raised}}`;
    if (letters.has(match)) return `$\\${letters.get(match)}$`;
    return kept || LITERAL[match] || `\\${match}`;
  }

  const TEXT_IN_FORMULA = /\\(?:text[a-z]*|mbox|hbox)\s*\{(?:[^{}$]|\{[^{}$]{0,100}\}){0,1000}\}/g;
  const withLetters = (tex, form) =>
    tex.replace(/[^\x00-\x7f]/gu, (sign) => (letters.has(sign) ? form(letters.get(sign)) : sign));
  const inFormula = (tex) =>
    withLetters(
      tex
        .replace(/(?<!\\)[&%#]/g, "\\$&")
        .replace(TEXT_IN_FORMULA, (text) => withLetters(text, (name) => `$\\${name}$`)),
      (name) => `{\\${name}}`,
    );

  function typeset(text) {
    const line = text.replace(/\s+/g, " ").trim().replace(TWO_FORMS, "$1");
    const even = isBalanced(line) ? line : line.replace(/[{}]/g, "");
    let made = "";
    let start = 0;
    for (const { 0: formula, index } of even.matchAll(FORMULA)) {
      if (/^\\[\\$]$/.test(formula) || !isBalanced(formula)) continue;
      made += even.slice(start, index).replace(IN_TEXT, inText) + inFormula(formula);
      start = index + formula.length;
    }
    return made + even.slice(start).replace(IN_TEXT, inText);
  }

  // collaborations and teams, as in base/text/person_names.py
  const GROUP = new RegExp(
    String.raw`^(?:[^(]*\b(?:collab|laborator[yi]|institut|universit|(?:consorti(?:um|a)|teams?|groups?|task force|initiative|alliance|committee|foundation|observatory` +
      String.raw`|labs|network|partnership|projects?|program(?:me)?|community|investigators|contributors` +
      String.raw`|hospital|society|survey|academy|department|ministry|agency|association|organi[sz]ations?|developers` +
      String.raw`|authors|editors|maintainers|organi[sz]ers|participants|researchers|workshop|(?:school|college|faculty|cent(?:er|re)) (?:of|for|de)` +
      String.raw`|google|microsoft|openai|deepmind|nvidia|bytedance)(?!\p{L}))` +
      String.raw`|[^(,.]*[^\s(,.][ -](?:labs?|cent(?:er|re)|research|inc|ltd|llc|gmbh|corp(?:oration)?)(?!\p{L})\.?(?!,))`,
    "iu",
  );
  const isGroup = (name) =>
    name.startsWith("the ") || GROUP.test(name) || (/[ -]AI(?![\p{L}-])/u.test(name) && name !== name.toUpperCase());
  const SUFFIX =
    /,? ((?:[JSjs]n?r|[JS]N?R)\.?|I{2,3}|IV|VI{1,3}|IX|2nd|3rd|[4-9]th|M\.?D\.?|Ph\.? ?D\.?|D\.?Phil\.?|Esq\.?|MBBS|MPH|DDS)$/;

  function withoutAffiliation(name) {
    const line = name.replace(/\s+/g, " ").trim();
    const inner = /^\((.*)\)$/.exec(line)?.[1] ?? line.replace(/ \((?![^()]*\)[\s,]*\p{L}).*/u, "");
    const person = inner.replace(/,? (?:for|on behalf of) the .*/i, "");
    return person.includes(" ") && !isGroup(person) ? person : inner;
  }

  // `Overquill, Jr., Tansy`: a suffix follows the family name
  function author(whole) {
    const name = withoutAffiliation(whole);
    const suffix = SUFFIX.exec(name);
    const words = name.slice(0, suffix?.index).split(" ");
    if (isGroup(name)) return `{${typeset(name)}}`;
    const start = words.findIndex(
      (word, n) => n > 0 && (n === words.length - 1 || words.slice(n, -1).every((one) => /^\p{Ll}/u.test(one))),
    );
    const ordered =
      suffix && start > 0 ? `${words.slice(start).join(" ")}, ${suffix[1]}, ${words.slice(0, start).join(" ")}` : name;
    return typeset(ordered).replace(/\band\b/gi, "{$&}");
  }

  const quoted = (text) => JSON.stringify(text);
  const FORMS = {
    bib: (papers) =>
      papers
        .map(
          (paper) => `@misc{${paper.id || "paper"},
  title = {{${typeset(paper.title)}}},
  author = {${paper.authors.map(author).join(" and ")}},
  eprint = {${paper.id}},
  archivePrefix = {arXiv},
  url = {${address(paper)}}
}
`,
        )
        .join("\n"),
    ris: (papers) =>
      papers
        .map((paper) =>
          [
            "TY  - GEN",
            `TI  - ${paper.title}`,
            ...paper.authors.map((name) => `AU  - ${withoutAffiliation(name)}`),
            `UR  - ${address(paper)}`,
            "ER  - ",
            "",
          ].join("\r\n"),
        )
        .join("\r\n"),
    json: (papers, choices) =>
      JSON.stringify(
        {
          papers: papers.map(({ id, title, authors, words, sentence }) => ({ id, title, authors, words, sentence })),
          ...choices,
        },
        null,
        1,
      ),
  };

  const note = (paper) => `---
title: ${quoted(paper.title)}
authors: ${JSON.stringify(paper.authors)}
arxiv: ${quoted(paper.id)}
url: ${address(paper)}
starred: ${paper.at.slice(0, 10)}
tags: [paper]
---

# ${paper.title}
`;

  // ---- notes, one a paper, as an archive of files that are only stored (PKWARE APPNOTE 6.3)

  const CRC = Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n >>> 0;
  });
  const crc = (bytes) => ~bytes.reduce((sum, byte) => (sum >>> 8) ^ CRC[(sum ^ byte) & 255], -1) >>> 0;
  const little = (...pairs) =>
    pairs.flatMap(([number, size]) => Array.from({ length: size }, (_, n) => (number >>> (8 * n)) & 255));

  function zip(files) {
    const encoder = new TextEncoder();
    const parts = [];
    const index = [];
    let offset = 0;
    for (const [name, text] of files) {
      const path = encoder.encode(name);
      const bytes = encoder.encode(text);
      const facts = little(
        [20, 2],
        [0x800, 2],
        [0, 2],
        [0, 2],
        [0x21, 2],
        [crc(bytes), 4],
        [bytes.length, 4],
        [bytes.length, 4],
        [path.length, 2],
        [0, 2],
      );
      parts.push(new Uint8Array([...little([0x04034b50, 4]), ...facts]), path, bytes);
      index.push(
        new Uint8Array([
          ...little([0x02014b50, 4], [20, 2]),
          ...facts,
          ...little([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]),
        ]),
        path,
      );
      offset += 30 + path.length + bytes.length;
    }
    const size = index.reduce((sum, part) => sum + part.length, 0);
    const end = new Uint8Array(
      little([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [offset, 4], [0, 2]),
    );
    return new Blob([...parts, ...index, end], { type: "application/zip" });
  }

  const notes = (papers) =>
    zip(papers.map((paper, n) => [`${(paper.id || `paper-${n}`).replace("/", "-")}.md`, note(paper)]));

  return { read, decoded, isWord, idIn, FORMS, notes };
})();
