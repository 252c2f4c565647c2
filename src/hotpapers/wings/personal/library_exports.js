// A reader's papers as files of other programs.
"use strict";
const libraryExports = (() => {
  const { isGroup, SUFFIX, MORE, yearOf } = libraryNames;
  const address = ({ id }) => (id ? dom.paperAddress(id) : "");

  // BibTeX's values, as in base/text/bibtex_fields.py: formulas stay, and between them nothing stops LaTeX

  const { commands, maxSymbols, prices } = libraryGrammar;
  const FORMULA = new RegExp(libraryGrammar.formula, "gsu");
  const [MATHEMATICS, AMOUNT, NEXT, NUMBER, WORD] = prices.map((text) => new RegExp(text, "u"));
  const IN_TEXT = new RegExp(libraryGrammar.inText, "gu");
  const symbols = new Set(libraryGrammar.symbols);
  const textCommands = new Set(libraryGrammar.textCommands);
  const TWO_FORMS =
    /\\texorpdfstring\s*\{((?:[^{}]|\{[^{}]{0,100}\}){0,1000})\}\s*\{(?:[^{}]|\{[^{}]{0,100}\}){0,1000}\}/g;
  const LITERAL = { "^": "\\textasciicircum{}", "~": "\\textasciitilde{}" };

  // as BibTeX counts them, which knows no escapes
  function isBalanced(text) {
    let depth = 0;
    for (const [sign] of text.matchAll(/[{}]/g)) {
      if (sign === "{") depth++;
      if (sign === "}") depth--;
      if (depth < 0) return false;
    }
    return !depth;
  }

  function inText(...match) {
    const { greek, formula, name, rest, kept, backslash, group, raised = group } = match.at(-1);
    const [whole] = match;
    const [place, text] = match.slice(-3);
    if (greek) return isWord(greek) ? greek : greek.replace(/./gu, (letter) => `$\\${commands[letter]}$`);
    if (formula) return `$${inFormula(whole)}$`;
    if (name) return commandInText(whole, name, rest);
    if (backslash) return place + 1 === text.length ? "\\ " : "";
    if (raised) return `\\textsuperscript{${raised}}`;
    if (whole in commands) return `$\\${commands[whole]}$`;
    return kept || LITERAL[whole] || `\\${whole}`;
  }

  const isWord = (greek) => greek.length > maxSymbols || ![...greek].every((letter) => letter in commands);

  const SCRIPTS = /[²³¹⁰⁴-⁻ⁿ]+|[₀-₋]+/g;

  function script(signs) {
    const letters = signs.normalize("NFKC").replaceAll("\u2212", "-");
    return `\\text${signs < "₀" ? "super" : "sub"}script{${letters}}`;
  }

  const wordsInText = (text) => text.replace(IN_TEXT, inText).replace(SCRIPTS, script);

  function commandInText(whole, name, rest) {
    if (symbols.has(name)) return `$\\${name}$`;
    if (textCommands.has(name)) return whole;
    return rest === undefined ? name : "";
  }

  const TEXT_IN_FORMULA = /\\(?:text[a-z]*|mbox|hbox)\s*\{(?:[^{}$]|\{[^{}$]{0,100}\}){0,1000}\}/g;
  const withLetters = (tex, form) =>
    tex.replace(/[\u0080-\u{10ffff}]/gu, (sign) => (sign in commands ? form(commands[sign]) : sign));

  function inFormula(tex) {
    const escaped = tex.replace(/(?<!\\)[&%#]/g, "\\$&");
    const texts = escaped.replace(TEXT_IN_FORMULA, (text) => withLetters(text, (name) => `$\\${name}$`));
    return withLetters(texts, (name) => `{\\${name}}`);
  }

  // as base/text/tex_formulas.py finds them: each with its place
  function formulasIn(text) {
    const formulas = [];
    FORMULA.lastIndex = 0;
    for (let match = FORMULA.exec(text); match; match = FORMULA.exec(text)) {
      const [formula] = match;
      const { display, inline, round, square, name } = match.groups;
      const end = FORMULA.lastIndex;
      if (inline && isMoney(inline, text.slice(end, end + 3))) FORMULA.lastIndex = match.index + 1;
      else if ((display ?? inline ?? round ?? square ?? name)?.trim() && isBalanced(formula))
        formulas.push({ index: match.index, formula });
    }
    return formulas;
  }

  function isMoney(tex, after) {
    if (MATHEMATICS.test(tex)) return false;
    const hasWord = WORD.test(tex) && !/[=<>+]/.test(tex);
    if (!AMOUNT.test(tex)) return hasWord && /^\s[^]*\s$/.test(tex);
    if (hasWord || NUMBER.test(tex)) return hasWord;
    return AMOUNT.test(after) || (/\s$/.test(tex) && NEXT.test(after) && !NUMBER.test(tex.trim()));
  }

  function typeset(text) {
    const line = text.replace(/\s+/g, " ").trim().replace(TWO_FORMS, "$1");
    const even = isBalanced(line) ? line : line.replace(/[{}]/g, "");
    let result = "";
    let start = 0;
    for (const { index, formula } of formulasIn(even)) {
      result += wordsInText(even.slice(start, index));
      result += formula.startsWith("\\begin") ? formula : inFormula(formula);
      start = index + formula.length;
    }
    return result + wordsInText(even.slice(start));
  }

  function withoutAffiliation(name) {
    const line = name.replace(/\s+/g, " ").trim();
    const inner = /^\((.*)\)$/.exec(line)?.[1] ?? line.replace(/ \((?![^()]*\)[\s,]*\p{L}).*/u, "");
    const person = inner.replace(/,? (?:for|on behalf of) the .*/i, "");
    return person.includes(" ") && !isGroup(person) ? person : inner;
  }

  function partsOf(name) {
    const suffix = SUFFIX.exec(name);
    const person = name.slice(0, suffix?.index);
    const words = person.split(" ");
    const start = words.findIndex(
      (word, n) => n > 0 && (n === words.length - 1 || words.slice(n, -1).every((first) => /^\p{Ll}/u.test(first))),
    );
    const isPerson = start > 0 && !isGroup(name) && !person.includes(",");
    const given = isPerson ? words.slice(0, start) : [];
    return { given, family: words.slice(start), suffix: suffix?.[1].replaceAll(",", "").replace("Ph. D", "Ph.D") };
  }

  // `Overquill, Jr., Tansy`: a suffix follows the family name
  function author(whole) {
    const name = withoutAffiliation(whole);
    const { given, family, suffix } = partsOf(name);
    if (name === MORE) return "others";
    if (isGroup(name) || name.split(",").length > 3 || (suffix && !given.length)) return `{${typeset(name)}}`;
    const ordered = suffix ? `${family.join(" ")}, ${suffix}, ${given.join(" ")}` : name;
    return typeset(ordered).replace(/(?<![\p{L}\p{M}])and(?![\p{L}\p{M}])/giu, "{$&}");
  }

  function familyFirst(whole) {
    const name = withoutAffiliation(whole);
    const { given, family, suffix } = partsOf(name);
    return given.length ? [family.join(" "), given.join(" "), suffix].filter(Boolean).join(", ") : name;
  }

  // ---- forms

  const quoted = (text) => JSON.stringify(text);
  const FORMS = {
    bib: (papers) => papers.map(bibEntry).join("\n"),
    ris: (papers) => papers.map(risEntry).join("\r\n"),
    json: (papers, choices) => JSON.stringify({ papers: papers.map(jsonEntry), ...choices }, null, 1),
  };

  const isDoi = ({ id }) => id.startsWith("10.");

  const nameOf = ({ id }) => dom.doiOf(id).replace(/[^\w.-]+/g, "-"); // of a file

  // without fields of which nothing is known
  function bibEntry(paper, n) {
    const eprint = isDoi(paper) ? "" : paper.id;
    const known = Object.entries({
      title: paper.title && `{${typeset(paper.title)}}`,
      author: paper.authors.filter((name) => /[\p{L}\p{N}]/u.test(name)).map(author).join(" and "),
      year: yearOf(paper),
      doi: isDoi(paper) && typeset(dom.doiOf(paper.id)),
      eprint,
      archivePrefix: eprint && "arXiv",
      url: address(paper),
    }).filter(([, value]) => value);
    const key = (isDoi(paper) ? nameOf(paper) : paper.id) || `paper-${n + 1}`;
    return `@misc{${key},\n${known.map(([name, value]) => `  ${name} = {${value}}`).join(",\n")}\n}\n`;
  }

  function risEntry(paper) {
    const authors = paper.authors.filter((name) => name !== MORE).map((name) => `AU  - ${familyFirst(name)}`);
    const { id } = paper;
    const facts = {
      PY: yearOf(paper),
      AN: id && !isDoi(paper) && `arXiv:${id}`,
      DO: id && (isDoi(paper) ? dom.doiOf(id) : `10.48550/arXiv.${id}`),
      UR: address(paper),
    };
    const known = Object.entries(facts).filter(([, value]) => value);
    const lines = known.map(([tag, value]) => `${tag}  - ${value}`);
    return ["TY  - GEN", `TI  - ${paper.title}`, ...authors, ...lines, "ER  - ", ""].join("\r\n");
  }

  const jsonEntry = ({ title, authors, year, words, sentence, ...paper }) =>
    ({ id: dom.doiOf(paper.id), title, authors, year, words, sentence });

  const note = (paper) => `---
title: ${quoted(paper.title)}
authors: ${JSON.stringify(paper.authors)}
year: ${yearOf(paper)}
${isDoi(paper) ? "doi" : "arxiv"}: ${quoted(dom.doiOf(paper.id))}
url: ${address(paper)}
starred: ${paper.at && new Date(paper.at).toLocaleDateString("en-CA")}
tags: [paper]
---

# ${paper.title}
`;

  // ---- notes, one a paper, as an archive of files that are only stored (PKWARE APPNOTE 6.3)

  const CRC = Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value >>> 0;
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
      const sizes = little([crc(bytes), 4], [bytes.length, 4], [bytes.length, 4], [path.length, 2], [0, 2]);
      const facts = [...little([20, 2], [0x800, 2], [0, 2], [0, 2], [0x21, 2]), ...sizes];
      const place = little([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]);
      parts.push(new Uint8Array([...little([0x04034b50, 4]), ...facts]), path, bytes);
      index.push(new Uint8Array([...little([0x02014b50, 4], [20, 2]), ...facts, ...place]), path);
      offset += 30 + path.length + bytes.length;
    }
    const size = index.reduce((sum, part) => sum + part.length, 0);
    const end = new Uint8Array(
      little([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [offset, 4], [0, 2]),
    );
    return new Blob([...parts, ...index, end], { type: "application/zip" });
  }

  const notes = (papers) =>
    zip(papers.map((paper, n) => [`${nameOf(paper) || `paper-${n}`}.md`, note(paper)]));

  return { FORMS, notes };
})();
