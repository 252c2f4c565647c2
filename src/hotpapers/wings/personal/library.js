// A reader's library as files: read from BibTeX, RIS, Zotero RDF, arXiv listings, lists and JSON; written as some of them.
"use strict";
const paperLibrary = (() => {
  const ID = /(?:\b|arxiv[:.])(\d{4}\.\d{4,5})(?:v\d+)?\b|\b([a-z-]+(?:\.[A-Z]{2})?\/\d{7})(?:v\d+)?\b/i;
  const BETWEEN = /^(?=\s*@\w+\s*[{(])|^ER  -.*$|(?=<(?:bib|z|rdf):\w+ rdf:about=)|^-{20,}$/m;
  const TITLES = [/\btitle\s*=\s*[{"](.+?)[}"]\s*(?:,\s*[\w-]+\s*=|,?\s*[})]?\s*$)/is, /^T[I1]  - (.+)$/m, /<dc:title>([^<]+)</, /^Title: (.+(?:\n  .+)*)/m];
  const ABSTRACTS = [/\babstract\s*=\s*[{"](.+?)[}"]\s*(?:,\s*[\w-]+\s*=|,?\s*[})]?\s*$)/is, /^(?:AB|N2)  - (.+)$/m, /<dcterms:abstract>([^<]+)</];
  const LONGEST = 20000, LONGEST_SENTENCE = 400, MOST = 10000;

  const oneLine = (text) => text.replace(/[{}]/g, "").replace(/&amp;/g, "&").replace(/\s+/g, " ").trim().slice(0, LONGEST);
  const texts = (values) => (Array.isArray(values) ? values.filter((value) => typeof value === "string") : []);

  const isWord = (word) => Array.isArray(word) && typeof word[0] === "string" && word[1] > 0 && word[1] < 64;

  function first(patterns, text) {
    for (const pattern of patterns) {
      const match = pattern.exec(text);
      if (match) return oneLine(match[1]);
    }
    return "";
  }

  function idIn(text) {
    const match = ID.exec(text);
    return match ? match[1] || match[2] : "";
  }

  // of an abstract, as far as full stops tell
  const firstSentence = (abstract) => (/^.*?[.!?](?=\s+[A-Z]|$)/s.exec(abstract)?.[0] ?? abstract).slice(0, LONGEST_SENTENCE);

  // {papers: [{id, title, abstract, authors, words, sentence}], authors, words}; null for a file that names nothing
  function read(text) {
    let choices = null;
    try {
      const json = JSON.parse(text);
      choices = { papers: Array.isArray(json) ? json : json.papers || [], authors: texts(json.authors), words: texts(json.words) };
      choices.papers = choices.papers.map((paper) => (typeof paper === "string" ? { id: paper } : paper || {}));
    } catch {
      const entries = text.split(BETWEEN);
      const isList = entries.length === 1 && !first(TITLES, text);
      const followed = (kind) => [...text.matchAll(new RegExp(`^${kind}: *(\\S.*)$`, "gim"))].map(([, name]) => name.trim());
      choices = { papers: (isList ? text.split("\n") : entries).map(entry), authors: followed("author"), words: followed("word") };
    }
    choices.papers = choices.papers.map(clean).filter(({ id, title }) => id || title).slice(0, MOST);
    return choices.papers.length || choices.authors.length || choices.words.length ? choices : null;
  }

  function clean({ id, title, abstract, authors, words, sentence }) {
    const [cleanTitle, cleanAbstract, cleanSentence] = [title, abstract, sentence].map((text) => oneLine(`${text || ""}`));
    return {
      words: (Array.isArray(words) ? words : []).filter(isWord).slice(0, 40), id: idIn(`${id || ""}`), title: cleanTitle,
      abstract: cleanAbstract, authors: texts(authors), sentence: firstSentence(cleanSentence || cleanAbstract),
    };
  }

  function entry(text) {
    const abstract = first(ABSTRACTS, text);
    const eprint = /\beprint\s*=\s*[{"]?\s*([^\s{}",]+)/i.exec(text);
    return { id: eprint ? eprint[1] : idIn(text.replace(abstract, "")), title: first(TITLES, text), abstract, authors: [] };
  }

  // ---- written

  const address = ({ id }) => (id ? `https://arxiv.org/abs/${id}` : "");
  const braced = (text) => text.replace(/[{}\\]/g, "").replace(/[&%#$_]/g, "\\$&");
  const quoted = (text) => JSON.stringify(text);
  const FORMS = {
    bib: (papers) => papers.map((paper) => `@misc{${paper.id || "paper"},
  title = {${braced(paper.title)}},
  author = {${paper.authors.map(braced).join(" and ")}},
  eprint = {${paper.id}},
  archivePrefix = {arXiv},
  url = {${address(paper)}}
}
`).join("\n"),
    ris: (papers) => papers.map((paper) => [
      "TY  - GEN", `TI  - ${paper.title}`, ...paper.authors.map((name) => `AU  - ${name}`), `UR  - ${address(paper)}`, "ER  - ", "",
    ].join("\r\n")).join("\r\n"),
    json: (papers, choices) => JSON.stringify({ papers: papers.map(({ id, title, authors, words, sentence }) => ({ id, title, authors, words, sentence })), ...choices }, null, 1),
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
  const little = (...pairs) => pairs.flatMap(([number, size]) => Array.from({ length: size }, (_, n) => (number >>> (8 * n)) & 255));

  function zip(files) {
    const encoder = new TextEncoder(), parts = [], index = [];
    let offset = 0;
    for (const [name, text] of files) {
      const path = encoder.encode(name), bytes = encoder.encode(text);
      const facts = little([20, 2], [0x800, 2], [0, 2], [0, 2], [0x21, 2], [crc(bytes), 4], [bytes.length, 4], [bytes.length, 4], [path.length, 2], [0, 2]);
      parts.push(new Uint8Array([...little([0x04034b50, 4]), ...facts]), path, bytes);
      index.push(new Uint8Array([...little([0x02014b50, 4], [20, 2]), ...facts, ...little([0, 2], [0, 2], [0, 2], [0, 4], [offset, 4])]), path);
      offset += 30 + path.length + bytes.length;
    }
    const size = index.reduce((sum, part) => sum + part.length, 0);
    const end = new Uint8Array(little([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [offset, 4], [0, 2]));
    return new Blob([...parts, ...index, end], { type: "application/zip" });
  }

  const notes = (papers) => zip(papers.map((paper, n) => [`${(paper.id || `paper-${n}`).replace("/", "-")}.md`, note(paper)]));

  return { read, isWord, idIn, FORMS, notes };
})();
