// The page “My papers”: what a reader starred, to read, take along, add to or forget.
"use strict";
(() => {
  const { make, button, download } = dom;
  const { report } = pagePapers;
  const { FORMS, notes } = libraryExports;

  // ---- the papers

  const sayDay = (moment) => new Date(moment).toLocaleDateString("en-GB", { dateStyle: "long" });

  function lineOf(star) {
    const starred = star.at && `starred ${sayDay(star.at)}`;
    const facts = [star.authors.join(", "), dom.doiOf(star.id), starred].filter(Boolean);
    const isOther = ({ id, title }) => id !== star.id || title !== star.title;
    const remove = () => paperChoices.change(({ stars }) => ({ stars: stars.filter(isOther) }));
    const line = make("li", {}, pagePapers.link(star));
    if (star.sentence) line.append(make("p", { class: "sentence" }, star.sentence));
    line.append(make("p", {}, facts.join(" · ")), make("p", { class: "own" }, button("remove", remove)));
    return line;
  }

  // ---- taken along, added, forgotten

  const stars = () => paperChoices.now().stars;
  const EXPORTS = {
    BibTeX: () => download("papers.bib", FORMS.bib(stars()), "text/plain"),
    RIS: () => download("papers.ris", FORMS.ris(stars()), "text/plain"),
    JSON: () => download("papers.json", FORMS.json(stars(), reader.followed()), "application/json"),
    "notes in Markdown": () => download("papers.zip", notes(stars())),
  };

  async function add(file) {
    const library = paperLibrary.read(paperLibrary.decoded(await file.arrayBuffer()));
    if (!library || library.refused) {
      report(`${file.name}: ${library?.refused ?? "names no paper"}; nothing was changed.`);
      return;
    }
    const rarity = await dayFiles.terms();
    const at = new Date().toISOString();
    const wordsOf = ({ title, abstract, words }) =>
      words.length ? words : [...paperVectors.vector(title, abstract, rarity)];
    const starOf = (paper) => ({ ...paper, abstract: undefined, at, words: wordsOf(paper) });
    let added = [];
    const numberFollowed = () => Object.values(reader.followed()).flat().length;
    const before = numberFollowed();
    await paperChoices.change(async ({ stars }) => {
      await reader.saveFollowed(reader.joined(reader.followed(), library));
      const isNew = ({ id, title }) => !stars.some((star) => (id ? star.id === id : star.title === title));
      added = library.papers.filter(isNew).map(starOf);
      return { stars: [...stars, ...added] };
    });
    const papers = `${dom.counted(added.length, "paper")} added`;
    const more = numberFollowed() - before;
    if (!paperChoices.problem()) report(more > 0 ? `${papers}; ${more} more followed.` : `${papers}.`);
  }

  async function forget() {
    await paperChoices.forget();
    if (!paperChoices.problem()) report("Everything is forgotten.");
  }

  // ---- the page

  function fill(section) {
    const papers = make("ul", { class: "lines" });
    const picker = make("input", { type: "file", id: "library" });
    picker.onchange = () => picker.files[0] && add(picker.files[0]);
    const buttons = Object.entries(EXPORTS).flatMap(([text, act]) => [button(text, act), " "]);
    const exports = make("p", { class: "own" }, "Take along: ", ...buttons);
    const nothing = make("p", { class: "facts" }, "Nothing is starred yet: ★ beside a paper does it, or the key s.");
    const formats = "Add BibTeX, RIS, Zotero RDF, an arXiv listing, a list of ids or a file saved here ";
    const adding = make("p", {}, make("label", { for: "library" }, formats), picker);
    const forgetting = make("p", { class: "own" }, button("Forget all", forget), " ", pagePapers.status);
    section.append(exports, papers, nothing, adding, forgetting);
    paperChoices.whenChanged.push(() => {
      const latestFirst = [...stars()].sort((first, other) => other.at.localeCompare(first.at));
      const { authors, words } = reader.followed();
      papers.replaceChildren(...latestFirst.map(lineOf));
      nothing.hidden = stars().length > 0;
      exports.hidden = !stars().length && !authors.length && !words.length;
    });
  }

  fill(dom.byId("my-papers"));
})();
