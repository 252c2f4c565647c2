// Texts and words, as several scripts read them.
"use strict";
const readerWords = (() => {
  // without plural endings, as keep/search/tokenizer.py does it
  function stem(word) {
    if (word.length < 4 || !/^[a-z]+$/.test(word) || /(us|is|ss)$|^news$/.test(word)) return word;
    if (/[^ea]ies$/.test(word)) return word.slice(0, -3) + "y";
    return word.replace(/(?<=ss|x|sh|ch)es$|s$/, "");
  }

  /** @type {(values: unknown) => string[]} */
  const strings = (values) => (Array.isArray(values) ? values.filter((value) => typeof value === "string") : []);

  /** @type {(text: string) => string[]} */
  const lines = (text) => (text || "").split("\n").map((line) => line.trim()).filter(Boolean);

  const letter = "[\\p{L}\\p{N}]";
  const patterns = new Map(); // as many as somebody follows and hides
  function pattern(word) {
    if (!patterns.has(word)) {
      const escaped = word.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      const plain = escaped.replace(/\s+/g, "\\s+");
      patterns.set(word, new RegExp(`(?<!${letter})${plain}(?!${letter})`, "iu"));
    }
    return patterns.get(word);
  }
  const firstMatch = (words, text) => words.find((word) => pattern(word).test(text));

  return { stem, strings, lines, pattern, firstMatch };
})();
