// The ids of papers in texts of other programs; DOIs are read as in stars.py.
"use strict";
const paperIds = (() => {
  const MAX_CHARS = 20000;
  const { arxiv: ID } = doiGrammar;
  const { LINKED, canonical, trimmed, wholeId } = dois.onArxiv;
  const MENTION = new RegExp(
    `(?<![\\w.]|\\.[a-z]{2,12}/)(?:${LINKED}|arxiv ?[-:.]? ?)${ID}(?:\\.pdf)?(?:\\?[^\\s<>"]*)?`,
    "gi",
  );
  const BEFORE_ID = new RegExp(
    String.raw`^(?:(?:arxiv )?(?:e-?prints?|preprints?)(?: at| on)?[:,.]? (?:p\. )?(?=arxiv|doi|https?:|10\.48550)` +
      String.raw`|corr,? |(?:\[?online\]?[.:]? )?(?:available|posted|published)(?: online)?(?: at| on| from| as)?:? ` +
      String.raw`|url: ?|arxiv (?=abs/)` +
      String.raw`|arxiv(?: \[preprint\])?\.? (?:19|20)\d\d(?: [a-z]{3})?(?: \d\d?)?(?:;[^:]{0,20})?: ?)?(?:abs/)?`,
    "i",
  );
  const AFTER_ID = /(?<=[\d\]]),? \(?(?:19|20)\d\d\)?\.?$/;
  const FACT = /^(?:citation ?key|cite ?key|pmc?id|doi|version|type|is[bs]n|tex\.\w+): /i;
  const LABELED = /^(?:[\w.]+|citation key): /i;

  // of a text that is an id, its address, or both, and nothing else
  function idIn(text) {
    const line = text.slice(0, MAX_CHARS).replace(/\s+/g, " ").trim().replace(BEFORE_ID, "").replace(AFTER_ID, "");
    const [first, second, ...others] = line.split(" ").map(wholeId);
    return wholeId(line) || (first === second && !others.length && first) || "";
  }

  function linked(text) {
    const [match] = text.matchAll(MENTION);
    if (match) return canonical(match);
    return /^(?:corr )?abs\//i.test(text) ? idIn(text) : "";
  }

  const linesOf = (text) => text.split(/\r\n?|\n/);

  // of a note that is an id, perhaps among lines such as `version: 1`; other lines may be a sentence about it
  function inNote(text) {
    const all = linesOf(text).filter((line) => line.trim());
    const lines = all.slice(all.findIndex((line) => !FACT.test(line)));
    return lines.length === 1 || LABELED.test(lines[1] ?? "") ? idIn(lines[0]) : "";
  }

  // ---- papers on other servers

  const BEFORE_DOI = /^[^a-z0-9]*(?:doi:? ?[^a-z0-9]*(?=10\.|http))?/;

  // of a text that is a DOI, or an address with one, perhaps twice: the name of the paper's page on this site
  function doiIn(text) {
    const line = withoutEscapes(unescaped(text.slice(0, 2000)).replace(/\s+/g, " ").trim().toLowerCase());
    const words = line.replace(BEFORE_DOI, "").replace(/ \[doi\]$/, "").trim().split(/\s+/);
    const [work, other] = words.map((word) => dois.workIn(word.startsWith("10.") ? `doi:${word}` : word));
    return work && words.length <= 2 && (other ?? work) === work ? dois.folderOf(work) : "";
  }

  const decoder = document.createElement("textarea");
  const unescaped = (text) =>
    text.replace(/&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi, (reference) => {
      decoder.innerHTML = reference;
      return decoder.value;
    });

  // of a percent-encoded DOI, or of the name of a page here, as this site's own files have it; and of Markdown
  const withoutEscapes = (text) =>
    text.replace(/\\(?=[^a-z0-9\s])/g, "").replace(/(?:[%~][\da-f]{2})+/g, (run) => {
      try {
        return dom.doiOf(run);
      } catch {
        return run;
      }
    });

  return { doiIn, unescaped, ID, MENTION, canonical, trimmed, idIn, linked, linesOf, inNote };
})();
