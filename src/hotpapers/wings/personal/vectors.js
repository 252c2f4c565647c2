// What papers are about, and how close they are: the same arithmetic as in vectors.py, in integers.
"use strict";
const paperVectors = (() => {
  const { stem } = readerWords;
  const TERMS = 40;
  const MAX_WEIGHT = 63;
  const WHOLE = 10000;
  const MORE = 32;
  const ROUNDS = 5;
  const ALLOWED = 0.03;
  const STAR_SOFTNESS = 1.25;
  const OTHER_SOFTNESS = 11;
  const UNIT = 2 ** 32;
  const FREQUENCY = [0, 16, 27, 34, 38, 42, 45, 47, 49, 51, 53];
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUES = new Int8Array(128).fill(-1);
  for (let value = 0; value < DIGITS.length; value++) VALUES[DIGITS.charCodeAt(value)] = value;

  // by falling number, then by word: words are ASCII, so that scripts compare them as the program does
  const falling = (first, other) => other[1] - first[1] || (first[0] < other[0] ? -1 : 1);

  function root(number) {
    let result = Math.floor(Math.sqrt(number));
    while (result * result > number) result--;
    while ((result + 1) * (result + 1) <= number) result++;
    return result;
  }

  function words(text) {
    const letters = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
    const plain = letters.replace(/\\[A-Za-z]+/g, " ");
    return (plain.match(/[A-Za-z][A-Za-z0-9]+/g) || []).map((word) => stem(word.toLowerCase()));
  }

  // the table of the program: word → level
  function levels(table) {
    const [, ...rows] = table.trim().split("\n");
    const lines = rows.map((row) => row.split(" "));
    return new Map(lines.flatMap(([level, ...ofLevel]) => ofLevel.map((word) => [word, Number(level)])));
  }

  // word → weight, in the order of weights; without categories, which only the vectors of a day have
  function vector(title, abstract, rarity) {
    const counts = new Map();
    for (const word of words(`${title} ${title} ${abstract}`)) {
      if (rarity.has(word)) counts.set(word, (counts.get(word) || 0) + 1);
    }
    const score = ([word, count]) => [word, FREQUENCY[Math.min(count, FREQUENCY.length - 1)] * rarity.get(word)];
    const scores = [...counts].map(score).sort(falling).slice(0, TERMS);
    const share = (number) => Math.floor((number * MAX_WEIGHT * 2 + scores[0][1]) / (2 * scores[0][1]));
    const weights = scores.map(([word, number]) => /** @type {const} */ ([word, share(number)]));
    return new Map(weights.filter(([, weight]) => weight));
  }

  const isWord = (word) =>
    Array.isArray(word) && typeof word[0] === "string" && word[1] > 0 && word[1] <= MAX_WEIGHT;

  // a day's file: its words by place, and its papers' vectors, each read when it is compared
  function dayFile({ words, papers }) {
    return { words: words.split(" "), packed: new Map(Object.entries(papers)) };
  }

  // what read() leaves for the functions that call it, since an object for each vector would take most of the time
  const placesRead = new Int32Array(TERMS);
  const weightsRead = new Int32Array(TERMS);
  let sizeRead = 0;
  let lengthRead = 0;

  // the places of a paper's words in a day's file, and their weights; none of a paper that the file has not
  function read({ words, packed }, id) {
    const text = packed.get(id) || "";
    const end = text.length;
    let place = -1;
    let at = 0;
    let squares = 0;
    let size = 0;
    while (at < end) {
      const weight = VALUES[text.charCodeAt(at++)];
      const before = place;
      let digit = VALUES[text.charCodeAt(at++)];
      let factor = MORE;
      place += digit % MORE;
      for (; digit >= MORE; factor *= MORE) {
        digit = VALUES[text.charCodeAt(at++)];
        place += (digit % MORE) * factor;
      }
      if (!(place > before && place < words.length) || !(weight > 0) || size === TERMS)
        throw new Error("not a packed vector");
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

  function lengthOf(words) {
    let squares = 0;
    for (let k = 0; k < words.length; k++) squares += words[k][1] * words[k][1];
    return root(squares * 65536);
  }

  // a set of papers, by word: which of the set · 64 + weight, small integers that need no memory of their own
  function indexed(set) {
    const byWord = new Map();
    const lengths = Float64Array.from(set, ({ words }) => lengthOf(words));
    for (let n = 0; n < set.length; n++) {
      const { words } = set[n];
      for (let k = 0; k < words.length; k++) {
        const word = words[k][0];
        const weight = words[k][1];
        const row = byWord.get(word);
        if (row) row.push(n * 64 + weight);
        else byWord.set(word, [n * 64 + weight]);
      }
    }
    return { byWord, lengths, products: new Int32Array(set.length) };
  }

  // a set by the places that a day's file gives to words, to compare the papers of that file with; `liked` and `pulls`
  // beside it: what `learn` says
  function placed({ byWord, lengths, products }, file) {
    return { file, rows: byWord.size ? file.words.map((word) => byWord.get(word)) : [], lengths, products };
  }

  // what each of a set has in common with a paper, in `products`; of a set with `liked`, by words that speak for papers
  function multiply({ file, rows, liked, products }, id) {
    read(file, id);
    products.fill(0);
    for (let n = 0; n < sizeRead; n++) {
      const place = placesRead[n];
      const weight = weightsRead[n];
      const row = rows[place];
      const counts = row && (!liked || liked[place] > 0);
      for (let k = 0; counts && k < row.length; k++) products[row[k] >> 6] += weight * (row[k] & 63);
    }
  }

  // the closeness of a paper to the nearest of a set
  function highest(set, id) {
    const { lengths, products } = set;
    let most = 0;
    multiply(set, id);
    for (let n = 0; n < products.length; n++) {
      if (products[n]) most = Math.max(most, Math.floor((products[n] * 65536 * WHOLE) / (lengthRead * lengths[n])));
    }
    return most;
  }

  // stars, then papers of files in the order of their ids: the words of paper n, as numbers, and their weights are from
  // starts[n] on. `homes` has the numbers of each file's words by place
  function numbered(stars, files, ids) {
    const numbers = new Map();
    const numberOf = (word) => numbers.get(word) ?? numbers.set(word, numbers.size).size - 1;
    const homes = new Map(files.map((file) => [file, new Int32Array(file.words.map(numberOf))]));
    const size = stars.reduce((sum, { words }) => sum + words.length, ids.length * TERMS);
    const words = new Int32Array(size);
    const weights = new Uint8Array(size);
    const starts = [0];
    const lengths = [];
    let end = 0;
    for (const star of stars) {
      for (let k = 0; k < star.words.length; k++) {
        words[end] = numberOf(star.words[k][0]);
        weights[end++] = star.words[k][1];
      }
      starts.push(end);
      lengths.push(lengthOf(star.words));
    }
    for (const id of ids) {
      const file = files.find(({ packed }) => packed.has(id));
      const home = homes.get(file);
      read(file, id);
      for (let k = 0; k < sizeRead; k++) {
        words[end] = home[placesRead[k]];
        weights[end++] = weightsRead[k];
      }
      starts.push(end);
      lengths.push(lengthRead);
    }
    return { homes, words, weights, starts, lengths, sums: new Float64Array(numbers.size) };
  }

  // how close papers of files are to stars, as in own_order.py, by id; which words speak for and against them: for
  // each file their weights by place; and how far each star raised its words
  function learn(stars, files) {
    const starred = new Set(stars.map(({ id }) => id));
    const ids = [...new Set(files.flatMap(({ packed }) => [...packed.keys()]))].filter((id) => !starred.has(id)).sort();
    const rows = numbered(stars, files, ids);
    const { homes, lengths, sums } = rows;
    const pulls = new Float64Array(lengths.length);
    for (let round = 0; round < ROUNDS; round++) {
      for (let n = 0; n < pulls.length; n++) {
        if (!lengths[n]) continue;
        const before = pulls[n];
        const product = productOf(rows, n);
        const isStar = n < stars.length;
        pulls[n] = pull(before, product, lengths[n], isStar);
        if (pulls[n] !== before) raise(rows, n, isStar ? pulls[n] - before : before - pulls[n]);
      }
    }
    const likes = new Map([...homes].map(([file, home]) => [file, weightsOf(home, sums)]));
    const near = new Map(
      ids.map((id, n) => [id, closenessOf(productOf(rows, stars.length + n), lengths[stars.length + n])]),
    );
    return { near, likes, pulls: pulls.slice(0, stars.length) };
  }

  const closenessOf = (product, length) =>
    product > 0 ? Math.min(Math.floor((product * WHOLE) / (length * 65536)), WHOLE) : 0;

  function weightsOf(home, sums) {
    const weights = new Float64Array(home.length);
    for (let place = 0; place < home.length; place++) weights[place] = sums[home[place]];
    return weights;
  }

  function productOf({ words, weights, starts, sums }, n) {
    const end = starts[n + 1];
    let product = 0;
    for (let k = starts[n]; k < end; k++) product += sums[words[k]] * weights[k];
    return product;
  }

  function raise({ words, weights, starts, sums }, n, step) {
    const end = starts[n + 1];
    for (let k = starts[n]; k < end; k++) sums[words[k]] += step * weights[k];
  }

  function pull(before, product, length, isStar) {
    const near = product / (length * 65536);
    const own = (before * length) / UNIT;
    const step = isStar ? (own - near + 1) / STAR_SOFTNESS : (own + near - ALLOWED) / OTHER_SOFTNESS;
    return step > 0 ? Math.floor((step * UNIT) / length + 0.5) : 0;
  }

  function hasStar(row, which) {
    for (let k = 0; k < row.length; k++) if (row[k] >> 6 === which) return true;
    return false;
  }

  // which star speaks most for a paper, of equal ones the first, and its words that do; categories only if no word does
  function nearest(set, id, count) {
    const { file, rows, liked, pulls, products } = set;
    let first = 0;
    multiply(set, id);
    for (let n = 1; n < products.length; n++) if (pulls[n] * products[n] > pulls[first] * products[first]) first = n;
    const shared = [];
    for (let n = 0; n < sizeRead; n++) {
      const place = placesRead[n];
      const row = rows[place];
      const speaks = row && liked[place] > 0 && hasStar(row, first);
      if (speaks) shared.push([file.words[place], liked[place] * weightsRead[n]]);
    }
    const order = shared.sort(falling).map(([word]) => word);
    const plain = order.filter((word) => !/[.-]/.test(word));
    return { first, words: (plain.length ? plain : order).slice(0, count) };
  }

  return { words, levels, vector, isWord, dayFile, unpack, indexed, placed, highest, learn, nearest };
})();
