// Papers that have the words and authors whom a reader follows are marked, those with words to hide are folded.
"use strict";
(() => {
  const { all, find, make, button } = dom;
  const { lines, pattern, firstMatch } = readerWords;
  const AROUND = [
    ".gutter, .own, .comment, .counts, .said, .post, .unfolds, .elsewhere, .why, .rest > summary",
    ".links > :not(.category), .more, .mark-of, .voices, p > a",
  ].join();

  // title, authors, abstract and categories of a paper, without quotations and the site's own words
  function ownWords(paper) {
    const copy = paper.cloneNode(true);
    all(AROUND, copy).forEach((part) => part.remove());
    return copy.textContent;
  }

  // where followed words and authors stand, which moves nothing; a browser that cannot mark them says so in a line
  const places = "highlights" in CSS ? new Highlight() : null;
  if (places) CSS.highlights.set("followed", places);

  function markFrom(node, startOffset, endOffset) {
    places.add(new StaticRange({ startContainer: node, startOffset, endContainer: node, endOffset }));
  }

  function markPhrases(part, phrases, except) {
    if (!places) return;
    const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    for (let node; (node = /** @type {Text} */ (texts.nextNode())); ) {
      if (except && node.parentElement.closest(except)) continue;
      const matches = phrases.flatMap((phrase) => [...node.data.matchAll(new RegExp(pattern(phrase), "giu"))]);
      for (const match of matches) markFrom(node, match.index, match.index + match[0].length);
      const summary = node.parentElement.closest("details:not([open])")?.querySelector("summary");
      if (!matches.length || !summary || summary.contains(node)) continue;
      const opener = find(".more", summary) || summary;
      markFrom(opener, 0, opener.childNodes.length);
    }
  }

  function markPapers() {
    all(".yours:not(.reason)").forEach((old) => old.remove());
    places?.clear();
    const excluded = lines(reader.preference("exclude"));
    const { authors, words } = reader.followed();
    if (![...excluded, ...authors, ...words].length) return; // nothing to look for
    for (const paper of reader.papers()) {
      const text = ownWords(paper);
      markFollowed(paper, text, authors, words);
      fold(paper, firstMatch(excluded, text));
    }
  }

  function markFollowed(paper, text, names, words) {
    const byline = all(".authors, .by", paper);
    const authors = byline.map((element) => element.textContent).join(" ");
    const author = firstMatch(names, authors || text);
    const word = firstMatch(words, text);
    const reasons = [author && `by ${author}`, word && `has “${word}”`].filter(Boolean);
    paper.classList.toggle("marked", reasons.length > 0);
    if (reasons.length) note(paper, reasons.join(", ")).classList.toggle("unseen", Boolean(places));
    if (author) (authors ? byline : [paper]).forEach((part) => markPhrases(part, names));
    if (word) markPhrases(paper, words, AROUND);
  }

  function fold(paper, word) {
    paper.classList.toggle("folded", Boolean(word));
    if (word) note(paper, `hidden: “${word}”`).append(" ", unfolding(paper));
  }

  function note(paper, text) {
    const element = make("p", { class: "yours" }, text);
    (find(".body > h2", paper) || paper.firstElementChild).after(element);
    return element;
  }

  function unfolding(paper) {
    const element = button("show it", () => {
      paper.classList.remove("folded");
      element.parentElement.remove();
      find("h2 a, a", paper)?.focus();
    });
    return element;
  }

  // ---- on an author's page

  function offerToFollow() {
    const heading = find("[data-author]");
    if (!heading) return;
    const name = heading.dataset.author;
    const isFollowed = () => reader.followed().authors.includes(name);
    async function follow(isWanted) {
      const { authors, words } = await reader.loadFollowed();
      const others = authors.filter((author) => author !== name);
      await reader.saveFollowed({ authors: isWanted ? [...others, name] : others, words });
    }
    const element = button("", () => {
      const isWanted = !isFollowed(); // as the button says, whatever another page has kept meanwhile
      return readerStorage.inTurn(() => follow(isWanted));
    });
    const show = () => {
      element.textContent = isFollowed() ? "Unfollow" : "Follow";
    };
    reader.whenFollowed.push(show);
    show();
    heading.append(element);
  }

  document.addEventListener("DOMContentLoaded", async () => {
    markPapers();
    offerToFollow();
    reader.whenBack(reader.loadFollowed);
    await reader.loadFollowed();
    markPapers();
  });
})();
