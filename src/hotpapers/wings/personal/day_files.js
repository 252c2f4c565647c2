// The site's files about the papers of a day: scripts, which pages may load from a disk, too.
"use strict";
const dayFiles = (() => {
  const arrived = new Map();
  window.paperVectorsOf = (file) => arrived.set(`vectors ${file.day}`, paperVectors.dayFile(file));
  window.dayPapers = ({ day, papers, states }) => arrived.set(`papers ${day}`, rowsOf(papers, states));
  window.daySentences = ({ day, papers }) => arrived.set(`sentences ${day}`, new Map(Object.entries(papers)));
  window.paperTerms = (table) => arrived.set("terms", paperVectors.levels(table));

  function rowsOf(papers, states) {
    const rows = new Map();
    for (const [id, [title, authors, field, issuePlace]] of Object.entries(papers)) {
      rows.set(id, { title, authors, field, issuePlace, state: states?.[id] });
    }
    return rows;
  }

  async function fetchScript(path, name) {
    await dom.loadScript(new URL(path, dom.root));
    return arrived.get(name);
  }

  return {
    vectors: (day) => fetchScript(`${day}/vectors.js`, `vectors ${day}`), // undefined if it has not come
    papers: async (day) => (await fetchScript(`${day}/papers.js`, `papers ${day}`)) || new Map(),
    sentences: async (day) => (await fetchScript(`${day}/sentences.js`, `sentences ${day}`)) || new Map(),
    terms: async () => (await fetchScript("terms.js", "terms")) || new Map(),
  };
})();
