// The page “My papers”: what a reader starred, to read, take along, add to or forget; and the link to it in the header.
"use strict";
(() => {
  const { all, make } = reader;
  const { report } = pagePapers;
  const { FORMS } = paperLibrary;
  const PAGE = new URL("my-papers/index.html", dayFiles.root);

  // ---- in the header once a paper is starred, before anything is drawn

  function showLink() {
    const menu = document.querySelector(".masthead nav ul");
    const old = menu?.querySelector(".my-papers");
    if (!menu || Boolean(old) === paperChoices.hasStars()) return;
    if (old) return old.remove();
    const isHere = PAGE.pathname.startsWith(location.pathname) && location.pathname.includes("/my-papers/");
    menu.append(
      make(
        "li",
        "",
        { class: "my-papers" },
        make("a", "My papers", { href: PAGE, ...(isHere && { "aria-current": "page" }) }),
      ),
    );
  }
  reader.whileArriving.push(showLink);
  paperChoices.whenChanged.push(showLink);

  // ---- the papers

  const sayDay = (moment) => new Date(moment).toLocaleDateString("en-GB", { dateStyle: "long" });

  function button(text, act) {
    const element = make("button", text, { type: "button" });
    element.onclick = act;
    return element;
  }

  function lineOf(star) {
    const facts = [star.authors.join(", "), star.id, star.at && `starred ${sayDay(star.at)}`].filter(Boolean);
    const remove = () =>
      paperChoices.change(({ stars }) => ({
        stars: stars.filter(({ id, title }) => id !== star.id || title !== star.title),
      }));
    const line = make(
      "li",
      "",
      {},
      pagePapers.link(star),
      make("p", facts.join(" · ")),
      make("p", "", { class: "own" }, button("remove", remove)),
    );
    if (star.sentence) line.firstChild.after(make("p", star.sentence, { class: "sentence" }));
    return line;
  }

  // ---- taken along, added, forgotten

  function download(name, data, type) {
    const url = URL.createObjectURL(data instanceof Blob ? data : new Blob([data], { type }));
    make("a", "", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  const stars = () => paperChoices.now().stars;
  const EXPORTS = [
    ["BibTeX", () => download("papers.bib", FORMS.bib(stars()), "text/plain")],
    ["RIS", () => download("papers.ris", FORMS.ris(stars()), "text/plain")],
    ["JSON", () => download("papers.json", FORMS.json(stars(), reader.followed()), "application/json")],
    ["notes in Markdown", () => download("papers.zip", paperLibrary.notes(stars()))],
  ];

  async function add(file) {
    const library = paperLibrary.read(paperLibrary.decoded(await file.arrayBuffer()));
    if (!library || library.refused)
      return report(`${file.name}: ${library?.refused ?? "names no paper"}; nothing was changed.`);
    const rarity = await dayFiles.terms();
    const at = new Date().toISOString();
    const wordsOf = ({ title, abstract, words }) =>
      words.length ? words : [...paperVectors.vector(title, abstract, rarity)];
    let added = [];
    await paperChoices.change(async ({ stars }) => {
      await reader.saveFollowed(reader.joined(reader.followed(), library));
      const isNew = ({ id, title }) => !stars.some((star) => (id ? star.id === id : star.title === title));
      added = library.papers
        .filter(isNew)
        .map((paper) => ({ ...paper, abstract: undefined, at, words: wordsOf(paper) }));
      return { stars: [...stars, ...added] };
    });
    if (!paperChoices.trouble()) report(`${added.length} papers added.`);
  }

  async function forget() {
    await paperChoices.forget();
    if (!paperChoices.trouble()) report("Everything is forgotten.");
  }

  // ---- the page

  function fill(section) {
    const papers = make("ul", "", { class: "lines" });
    const picker = make("input", "", { type: "file", id: "library" });
    picker.onchange = () => picker.files[0] && add(picker.files[0]);
    const exports = make(
      "p",
      "Take along: ",
      { class: "own" },
      ...EXPORTS.flatMap(([text, act]) => [button(text, act), " "]),
    );
    const nothing = make("p", "Nothing is starred yet: ★ beside a paper does it, or the key s.", { class: "facts" });
    section.append(
      exports,
      papers,
      nothing,
      make(
        "p",
        "",
        {},
        make("label", "Add BibTeX, RIS, Zotero RDF, an arXiv listing, a list of ids or a file saved here ", {
          for: "library",
        }),
        picker,
      ),
      make("p", "", { class: "own" }, button("Forget all", forget), " ", pagePapers.status),
    );
    const show = () => {
      papers.replaceChildren(...[...stars()].sort((one, other) => other.at.localeCompare(one.at)).map(lineOf));
      nothing.hidden = stars().length > 0;
      exports.hidden = !stars().length && !reader.followed().authors.length && !reader.followed().words.length;
    };
    paperChoices.whenChanged.push(show);
  }

  window.offerMyPapers = () => {
    const section = document.getElementById("my-papers");
    const preferences = document.getElementById("reading");
    if (section) fill(section);
    if (preferences)
      preferences.after(
        make(
          "p",
          "",
          {},
          make("a", "My papers", { href: PAGE }),
          ": what you starred, to read, export, add to or forget.",
        ),
      );
  };
})();
