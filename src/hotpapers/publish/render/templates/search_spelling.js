// What somebody may have meant by words that a static site's index does not have: in its latest parts, the words with
// the same first letter that are one slip of the fingers away. keep/search/spelling.py does it for the program.
"use strict";
const searchSpelling = (() => {
  const { load, parse, search, wordFiles } = searchIndex;
  const { stem } = readerWords;
  const PARTS = 4;
  const MAX_WORDS = 4;

  function isNear(first, other) {
    const least = Math.min(first.length, other.length);
    let start = 0;
    let end = 0;
    while (start < least && first[start] === other[start]) start++;
    while (end < least - start && first.at(-1 - end) === other.at(-1 - end)) end++;
    const [here, there] = [first, other].map((word) => word.slice(start, word.length - end));
    const isSwapped = here.length === 2 && here === [...there].reverse().join("");
    return first !== other && (isSwapped || Math.max(here.length, there.length) <= 1);
  }

  async function nearest(word) {
    const counts = new Map();
    const { parts } = await load("index");
    for (const part of parts.slice(-PARTS)) {
      const { from } = await load(`${part}/index`);
      for (const file of wordFiles(part, from, word[0], word[0] + "\uffff")) {
        for (const line of (await load(file)).split("\n")) {
          const end = line.indexOf(" ");
          const known = line.slice(0, end);
          if (isNear(word, known)) counts.set(known, (counts.get(known) || 0) + line.length - end);
        }
      }
    }
    return [...counts.keys()].sort((first, other) => counts.get(other) - counts.get(first))[0];
  }

  // a plain word that no paper has
  const isUnknown = ({ word, text, matching, begins }) =>
    !begins && /^[a-z]{4,24}$/i.test(text) && word === text.toLowerCase() && !matching;

  // the text of a query that finds nothing, with words that make it find something
  async function meant(text, parsed) {
    let corrected = text;
    for (const term of parsed.wanted.flat(2).filter(isUnknown).slice(0, MAX_WORDS)) {
      const word = (await nearest(stem(term.word))) ?? (await nearest(term.word));
      const asTyped = new RegExp(`(?<![\\p{L}\\p{N}])${term.text}(?![\\p{L}\\p{N}])`, "gu");
      if (word) corrected = corrected.replace(asTyped, word);
    }
    const other = parse(corrected);
    const terms = [...other.wanted.flat(2), ...other.unwanted.flat()];
    return corrected !== text && (await search(other, terms)).length ? corrected : "";
  }

  return { meant };
})();
