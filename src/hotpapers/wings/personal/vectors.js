// What papers are about, and how close they are: the same arithmetic as in vectors.py, in integers.
"use strict";
const paperVectors = (() => {
  const TERMS = 40, HIGHEST = 63, WHOLE = 10000, NEAREST = 10, MORE = 32;
  const FREQUENCY = [0, 16, 27, 34, 38, 42, 45, 47, 49, 51, 53];
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUES = new Int8Array(128).fill(-1);
  for (let value = 0; value < DIGITS.length; value++) VALUES[DIGITS.charCodeAt(value)] = value;

  // by falling number, then by word: words are ASCII, so that scripts compare them as the program does
  const falling = (one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1);

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

  // a day's file: its words by place, and its papers' vectors, each read when it is compared
  function dayFile({ words, papers }) {
    return { words: words.split(" "), packed: new Map(Object.entries(papers)) };
  }

  // what read() leaves for the functions that call it, since an object for each vector would take most of the time
  const placesRead = new Int32Array(TERMS), weightsRead = new Int32Array(TERMS);
  let sizeRead = 0, lengthRead = 0;

  // the places of a paper's words in a day's file, and their weights; none of a paper that the file has not
  function read({ words, packed }, id) {
    const text = packed.get(id) || "", end = text.length;
    let place = -1, at = 0, squares = 0, size = 0;
    while (at < end) {
      const weight = VALUES[text.charCodeAt(at++)], before = place;
      let digit = VALUES[text.charCodeAt(at++)], factor = MORE;
      place += digit % MORE;
      for (; digit >= MORE; factor *= MORE) {
        digit = VALUES[text.charCodeAt(at++)];
        place += (digit % MORE) * factor;
      }
      if (!(place > before && place < words.length) || !(weight > 0) || size === TERMS) throw new Error("not a packed vector");
      placesRead[size] = place;
      weightsRead[size++] = weight;
      squares += weight * weight;
    }
    sizeRead = size;
    lengthRead = root(squares * 65536);
  }

  // [[word, weight], …], as stars are kept
  function unpack(file, id) {
    read(file, id);
    return Array.from({ length: sizeRead }, (_, n) => [file.words[placesRead[n]], weightsRead[n]]);
  }

  // a set of papers, by word: which of the set · 64 + weight, small integers that need no memory of their own
  function indexed(set) {
    const byWord = new Map(), lengths = new Float64Array(set.length);
    for (let n = 0; n < set.length; n++) {
      let squares = 0;
      const { words } = set[n];
      for (let k = 0; k < words.length; k++) {
        const word = words[k][0], weight = words[k][1], row = byWord.get(word);
        if (row) row.push(n * 64 + weight);
        else byWord.set(word, [n * 64 + weight]);
        squares += weight * weight;
      }
      lengths[n] = root(squares * 65536);
    }
    return { byWord, lengths, products: new Int32Array(set.length) };
  }

  // the same by the places that a day's file gives to words, to compare the papers of that file with
  function placed({ byWord, lengths, products }, file) {
    return { file, rows: byWord.size ? file.words.map((word) => byWord.get(word)) : [], lengths, products };
  }

  const values = new Int32Array(NEAREST); // closeness of the nearest

  // how close a paper is to a set: the mean of the nearest, of which the first counts ten times and each further one once
  // less; the highest; and which of the set has it, of equal ones the first, -1 if none is near
  function nearest({ file, rows, lengths, products }, id) {
    let size = 0, first = -1;
    read(file, id);
    products.fill(0);
    for (let n = 0; n < sizeRead; n++) {
      const row = rows[placesRead[n]], weight = weightsRead[n];
      if (row) for (let k = 0; k < row.length; k++) products[row[k] >> 6] += weight * (row[k] & 63);
    }
    for (let n = 0; n < products.length; n++) {
      if (!products[n]) continue; // most
      const value = Math.floor((products[n] * 65536 * WHOLE) / (lengthRead * lengths[n]));
      if (!value || (size === NEAREST && value <= values[NEAREST - 1])) continue;
      let at = size < NEAREST ? size++ : NEAREST - 1;
      for (; at && values[at - 1] < value; at--) values[at] = values[at - 1];
      values[at] = value;
      if (!at) first = n;
    }
    return { mean: mean(size, Math.min(products.length, NEAREST)), first, highest: size ? values[0] : 0 };
  }

  function mean(size, count) {
    let sum = 0;
    for (let n = 0; n < size; n++) sum += values[n] * (NEAREST - n);
    return count && Math.floor((2 * sum) / (count * (2 * NEAREST + 1 - count)));
  }

  // of one of the set in a row: its weight, 0 if it is not there
  function weightIn(row, which) {
    for (let k = 0; k < row.length; k++) if (row[k] >> 6 === which) return row[k] & 63;
    return 0;
  }

  // the words that bring a paper closest to one of a set; categories only if they share no word
  function common({ file, rows }, which, id, count) {
    const products = [];
    read(file, id);
    for (let n = 0; n < sizeRead; n++) {
      const row = rows[placesRead[n]], weight = row ? weightIn(row, which) : 0;
      if (weight) products.push([file.words[placesRead[n]], weight * weightsRead[n]]);
    }
    const order = products.sort(falling).map(([word]) => word), plain = order.filter((word) => !/[.-]/.test(word));
    return (plain.length ? plain : order).slice(0, count);
  }

  return { words, levels, vector, dayFile, unpack, indexed, placed, nearest, common };
})();
