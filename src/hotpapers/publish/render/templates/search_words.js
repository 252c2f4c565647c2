// The words of texts and queries, as the index of a static site has them: keep/search/tokenizer.py does it for the
// program.
"use strict";
const searchWords = (() => {
  const MARKS =
    "[\\u0300-\\u036f\\u0483-\\u0489\\u0591-\\u05c7\\u0610-\\u061a\\u064b-\\u065f\\u0670\\u06d6-\\u06ed" +
    "\\u1ab0-\\u1ace\\u1dc0-\\u1dff\\u20d0-\\u20f0\\ufe00-\\ufe2f\\u0640]";
  const POINTS = new RegExp(`${MARKS}|[^\\p{L}\\p{N}\\p{M}]`, "gu");
  const ALIKE = { ø: "o", đ: "d", ł: "l", ħ: "h", ı: "i", æ: "ae", œ: "oe", ð: "d", þ: "th", ŧ: "t", ß: "ss", ς: "σ" };
  const GREEK =
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon " +
    "phi chi psi omega";
  const RUN =
    "[\\u0e00-\\u109f\\u1100-\\u11ff\\u1780-\\u17ff\\u2e80-\\u31ff\\u3400-\\u9fff" +
    "\\ua960-\\ua97f\\uac00-\\ud7ff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}]";
  const WORD = new RegExp(`(?:${RUN}\\p{M}*)+|(?:(?!${RUN})[\\p{L}\\p{N}\\p{M}\\p{Cf}])+`, "gu");
  const isRun = (text) => new RegExp(`^${RUN}`, "u").test(text);

  function fold(text) {
    const plain = text.normalize("NFKD").toLowerCase().normalize("NFKD").replace(POINTS, "").normalize("NFKC");
    const word = plain.replace(/[øđłħıæœðþŧßς]/g, (sign) => ALIKE[sign]).slice(0, 64);
    const isLetter = word.length === 1 && word >= "α" && word <= "ω"; // a letter alone is read aloud
    return isLetter ? GREEK.split(" ")["αβγδεζηθικλμνξοπρστυφχψω".indexOf(word)] : word;
  }

  // TeX as it is printed: letters with accents, by name, and without commands for layout
  const ACCENTED = /\{?\\(?:["'`^~=.] ?|[Hcuvdbtkr](?=\{))(?:\{\\?([A-Za-z])\}|\\?([A-Za-z]))\}?/g;
  const LAYOUT =
    "(?:math|text)[a-z]*|boldsymbol|bm|em(?:ph)?|it|bf|rm|sc|tt|sf|operatorname|left|right|[bB]igg?|big[lr]|q?quad" +
    "|cdots?|l?dots|d?dot|[dt]?frac|(?:no)?limits|displaystyle|(?:over|under)line|(?:wide)?(?:tilde|hat)|bar|vec|mbox" +
    "|[lr]angle";
  const LETTER = "(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])(?:\\{\\}|\\}| )?";
  const NAMED = new RegExp(`\\{?\\\\(?:${LETTER}|var(?=[a-z])|(?:${LAYOUT})(?![A-Za-z]))`, "g");

  function threes(run) {
    const signs = run.normalize("NFKC").match(/\P{M}\p{M}*/gu) || [];
    if (signs.length < 3) return [{ run, word: signs.join(""), begins: true }];
    return signs.slice(2).map((_, n) => ({ run, word: signs.slice(n, n + 3).join("") }));
  }

  function wordsOf(text) {
    const words = text.replace(ACCENTED, "$1$2").replace(NAMED, "$1").matchAll(WORD);
    return [...words].flatMap(([word]) => (isRun(word) ? threes(word) : [{ word: fold(word) }]));
  }

  return { WORD, fold, isRun, wordsOf };
})();
