// What papers are about, and how close they are: the same arithmetic as in vectors.py, in integers.
"use strict";
const paperVectors = (() => {
  const TERMS = 40, HIGHEST = 63, WHOLE = 10000, NEAREST = 10, MORE = 32;
  const FREQUENCY = [0, 16, 27, 34, 38, 42, 45, 47, 49, 51, 53];
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUES = new Int8Array(128).fill(-1);
  for (let value = 0; value < DIGITS.length; value++) VALUES[DIGITS.charCodeAt(value)] = value;

  // by falling number, then by word: words are ASCII, so that scripts compare them as the program does
  const falling = ([word, number], [other, otherNumber]) => otherNumber - number || (word < other ? -1 : 1);

  function root(number) {
    let result = Math.floor(Math.sqrt(number));
    while (result * result > number) result--;
    while ((result + 1) * (result + 1) <= number) result++;
    return result;
  }

  // as the search does: without plural endings
  function stem(word) {
    if (word.length < 4 || !/^[a-z]+$/.test(word) || /(us|is|ss)$|^news$/.test(word)) return word;
    if (/[^ea]ies$/.test(word)) return word.slice(0, -3) + "y";
    return word.replace(/(?<=ss|x|sh|ch)es$|s$/, "");
  }

  function words(text) {
    const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/\\[A-Za-z]+/g, " ");
    return (plain.match(/[A-Za-z][A-Za-z0-9]+/g) || []).map((word) => stem(word.toLowerCase()));
  }

  // the table of the program: word → level
  function levels(table) {
    const lines = table.trim().split("\n").slice(1).map((line) => line.split(" "));
    return new Map(lines.flatMap(([level, ...ofLevel]) => ofLevel.map((word) => [word, Number(level)])));
  }

  // word → weight, in the order of weights; without categories, which only the vectors of a day have
  function vector(title, abstract, rarity) {
    const counts = new Map();
    for (const word of words(`${title} ${title} ${abstract}`)) if (rarity.has(word)) counts.set(word, (counts.get(word) || 0) + 1);
    const score = ([word, count]) => [word, FREQUENCY[Math.min(count, FREQUENCY.length - 1)] * rarity.get(word)];
    const scores = [...counts].map(score).sort(falling).slice(0, TERMS);
    const weight = ([word, number]) => [word, Math.floor((number * HIGHEST * 2 + scores[0][1]) / (2 * scores[0][1]))];
    return new Map(scores.map(weight).filter(([, number]) => number));
  }

  function weighed(weights) {
    let squares = 0;
    for (const weight of weights.values()) squares += weight * weight;
    return { weights, length: root(squares * 65536) };
  }

  function closeness(one, other) {
    const [small, large] = one.weights.size < other.weights.size ? [one, other] : [other, one];
    let product = 0;
    for (const [word, weight] of small.weights) product += weight * (large.weights.get(word) || 0);
    return product && Math.floor((product * 65536 * WHOLE) / (one.length * other.length));
  }

  // a set of papers, by word: which of the set · 64 + weight, small integers that need no memory of their own
  function indexed(set) {
    const byWord = new Map();
    for (let n = 0; n < set.length; n++) {
      for (const [word, weight] of set[n].weights) {
        const row = byWord.get(word);
        if (row) row.push(n * 64 + weight);
        else byWord.set(word, [n * 64 + weight]);
      }
    }
    return { byWord, lengths: set.map(({ length }) => length), products: new Float64Array(set.length) };
  }

  // of the nearest: [closeness, which of the set], the nearest first; of equal ones the first
  function nearest(paper, { byWord, lengths, products }) {
    const best = [];
    products.fill(0);
    for (const [word, weight] of paper.weights) {
      const row = byWord.get(word);
      if (row) for (let k = 0; k < row.length; k++) products[row[k] >> 6] += weight * (row[k] & 63);
    }
    for (let n = 0; n < products.length; n++) {
      const product = products[n];
      if (!product && best.length === NEAREST) continue;
      const value = product && Math.floor((product * 65536 * WHOLE) / (paper.length * lengths[n]));
      let at = best.length;
      while (at && best[at - 1][0] < value) at--;
      if (at < NEAREST) best.splice(at, 0, [value, n]);
      if (best.length > NEAREST) best.pop();
    }
    return best;
  }

  // the nearest counts ten times, each further one once less
  function mean(best) {
    let sum = 0, counts = 0;
    for (let n = 0; n < best.length; n++) {
      sum += best[n][0] * (NEAREST - n);
      counts += NEAREST - n;
    }
    return counts && Math.floor(sum / counts);
  }

  function common(one, other, count) {
    const products = [];
    for (const [word, weight] of one) {
      const weightThere = other.get(word);
      if (weightThere) products.push([word, weight * weightThere]);
    }
    const order = products.sort(falling).map(([word]) => word), plain = order.filter((word) => !/[.-]/.test(word));
    return (plain.length ? plain : order).slice(0, count); // categories only if no word is shared
  }

  function unpack(text, places) {
    const result = new Map();
    let place = -1, at = 0;
    while (at < text.length) {
      const weight = VALUES[text.charCodeAt(at++)];
      const before = place;
      let factor = 1, digit;
      do {
        digit = VALUES[text.charCodeAt(at++)];
        place += (digit % MORE) * factor;
        factor *= MORE;
      } while (digit >= MORE);
      if (!(place > before && place < places.length) || !(weight > 0) || result.size === TERMS) throw new Error("not a packed vector");
      result.set(places[place], weight);
    }
    return result;
  }

  return { words, levels, vector, weighed, closeness, indexed, nearest, mean, common, unpack };
})();
