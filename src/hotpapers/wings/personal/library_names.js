// Letters, names and years in entries of libraries: TeX's letters as in base/text/tex_letters.py, names as one says
// them.
"use strict";
const libraryNames = (() => {
  // ---- TeX's accents and letters; formulas stay

  const { letterOf, markOf } = libraryGrammar;
  const [ACCENTS, LETTERS] = [libraryGrammar.accents, libraryGrammar.letters].map((sources) =>
    sources.map((source) => new RegExp(source, "gu")),
  );
  const FORMULA = new RegExp(libraryGrammar.mathematics, "u");

  const accented = (whole, sign, letter, braced, dotless, base) =>
    ((braced || dotless || base) + markOf[sign || letter]).normalize("NFC");

  function withLetters(text) {
    const twice = [...ACCENTS, ...ACCENTS]; // some letters have two accents
    const marked = twice.reduce((result, pattern) => result.replace(pattern, accented), text);
    return LETTERS.reduce((result, pattern) => result.replace(pattern, (_, name) => letterOf[name]), marked);
  }

  const withoutTex = (text) =>
    text.includes("\\") ? text.split(FORMULA).map((part, n) => (n % 2 ? part : withLetters(part))).join("") : text;

  // ---- names

  const fullName = (...parts) => parts.map((part) => part?.trim()).filter(Boolean).join(" ");

  // collaborations and teams, as in base/text/person_names.py
  const GROUP = new RegExp(
    String.raw`^(?:[^(]*\b(?:collab|laborator[yi]|institut|universit|(?:consorti(?:um|a)|teams?|groups?|task force` +
      String.raw`|initiative|alliance|committee|foundation|observatory` +
      String.raw`|labs|network|partnership|projects?|program(?:me)?|community|investigators|contributors` +
      String.raw`|hospital|society|survey|academy|department|ministry|agency|association|organi[sz]ations?|developers` +
      String.raw`|authors|editors|maintainers|organi[sz]ers|participants|researchers|workshop` +
      String.raw`|(?:school|college|faculty|cent(?:er|re)) (?:of|for|de)` +
      String.raw`|google|microsoft|openai|deepmind|nvidia|bytedance)(?!\p{L}))` +
      String.raw`|[^(,.]*[^\s(,.][ -](?:labs?|cent(?:er|re)|research|inc|ltd|llc|gmbh|corp(?:oration)?)(?!\p{L})` +
      String.raw`\.?(?!,))`,
    "iu",
  );
  const isGroup = (name) =>
    /^the |^[^(]*[^(\s] (?:and|&) /.test(name) ||
    GROUP.test(name) ||
    (/[ -]AI(?![\p{L}-])/u.test(name) && name !== name.toUpperCase());
  const ONE_SUFFIX =
    String.raw`(?:(?:[JSjs]n?r|[JS]N?R)\.?|I{2,3}|IV|VI{1,3}|IX|2nd|3rd|[4-9]th|M\.?D\.?|Ph\.? ?D\.?` +
    String.raw`|D\.?Phil\.?|Esq\.?|MBBS|MPH|DDS)`;
  const SUFFIX = new RegExp(`,? (${ONE_SUFFIX}(?:,? ${ONE_SUFFIX})*)$`);

  // a suffix at the end of given names follows the family name, as in PubMed's `Moth, Ludwig van Jr`
  function turned(given, family, ...suffixes) {
    const after = SUFFIX.exec(given.trim());
    return fullName(given.trim().slice(0, after?.index), family, after?.[1], ...suffixes);
  }

  const isSuffix = (text) => SUFFIX.test(` ${text.trim()}`);

  // `Moth, Ludwig van, Jr.`; commas in names of groups are their own
  function natural(text) {
    const name = text.replace(/[\s,]+$/, ""); // EndNote ends names of groups with one
    const [family, given = "", suffix = "", ...more] = name.split(",");
    const isOther = more.length || (suffix && !isSuffix(suffix)) || isGroup(name);
    return isOther ? name : turned(given, family, suffix);
  }

  const MORE = "et al.";
  const orMore = (name) => (/^\\?(?:others|et\.? ?al\.?)$/i.test(name) ? MORE : name);
  const BIB_WORD = /(?:\{(?:[^{}]|\{[^{}]*\})*\}|[^\s{}])+/g;

  // `given=Ada, family=Moth`
  function biblatexName(parts) {
    const named = Object.fromEntries(parts.map((part) => part.split("=").map((text) => text.trim())));
    return fullName(named.given, named.prefix, named.family, named.suffix);
  }

  // braces keep a name and its commas together; in three parts, the suffix is the second
  function bibtexNames(value, plain) {
    const names = [[]];
    for (const word of value.match(BIB_WORD) ?? []) {
      if (word.toLowerCase() === "and") names.push([]);
      else names.at(-1).push(word);
    }
    const texts = names.map((words) => words.join(" ")).filter(Boolean);
    return texts.map((name) => {
      if (/^\{[^]*\}$/.test(name)) return plain(name);
      const parts = plain(name).split(",");
      if (parts.every((part) => part.includes("="))) return biblatexName(parts);
      const [family, second = "", third = ""] = parts;
      return third && !isSuffix(third) ? turned(third, family, second) : turned(second, family, third);
    });
  }

  // of CSL, Zotero, Semantic Scholar
  function nameIn(person) {
    if (!(person instanceof Object)) return typeof person === "string" ? person : "";
    const { given, firstName, family, lastName, suffix, literal, name } = person;
    const particles = [person["dropping-particle"], person["non-dropping-particle"]];
    const whole = fullName(...particles, family ?? lastName);
    return turned(given ?? firstName ?? "", whole, suffix) || fullName(literal ?? name);
  }

  // ---- years

  const yearIn = (text) => /(?<!\d)(?:1[5-9]|20)\d\d(?!\d)/.exec(text)?.[0] ?? "";

  // an id of arXiv begins with the year and the month
  function yearOf({ id, year }) {
    const [, two] = /^(?:[a-z-]+(?:\.[A-Z]{2})?\/)?(\d\d)\d\d/.exec(id) ?? [];
    if (!two || id.startsWith("10.")) return year ?? "";
    return (two > "90" ? "19" : "20") + two;
  }

  return { FORMULA, withoutTex, isGroup, SUFFIX, fullName, natural, MORE, orMore, bibtexNames, nameIn, yearIn, yearOf };
})();
