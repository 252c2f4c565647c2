// A bookmark that leads from a paper's page anywhere to this page, and from here to what is said about the paper.
"use strict";
(() => {
  const { root, make } = dom;

  // becomes the bookmark: refers to nothing outside itself
  function leave(page) {
    const doi = /\b(10\.[1-9]\d{3,8}(?:\.\d+)*\/[^\s"'<>?#&]+)/i;
    const id =
      /(?:arxiv\.org\/[a-z]+\/|\b10\.48550\/arxiv\.|alphaxiv\.org\/[a-z]+\/|\b(?:huggingface\.co|hf\.co)\/papers\/)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?\/\d{7})(?!\d)/i;
    const declared = [...document.querySelectorAll("meta[name='citation_doi' i], meta[name='dc.identifier' i]")];
    const texts = [...declared.map((meta) => meta.getAttribute("content")), location.href.replace(/%2f/gi, "/")];
    const matches = [id, doi].flatMap((pattern) => texts.map((text) => pattern.exec(text)));
    const match = matches.find(Boolean);
    if (match) window.open(`${page}#${match[1]}`);
    else window.alert("This page names no paper.");
  }

  const place = dom.find("#bookmark span");
  const { href } = new URL("bookmarklet/index.html", root);
  const link = linkTo(place.textContent, `javascript:${encodeURIComponent(`(${leave})(${JSON.stringify(href)})`)}`);
  link.onclick = (event) => event.preventDefault(); // only dragging it makes a bookmark
  place.replaceWith(link);

  function linkTo(text, address) {
    return make("a", { href: address }, text);
  }

  const status = dom.byId("said");
  const { app } = status.dataset;

  // the id that this site's addresses have; empty if the page was opened without a paper
  function idHere() {
    const match = /^#(\d{4}\.\d{4,5}|([a-z-]+)(?:\.[a-z]{2})?(\/\d{7}))$/i.exec(location.hash);
    if (match) return match[2] ? match[2].toLowerCase() + match[3] : match[1];
    const named = decodeURIComponent(location.hash.slice(1)).toLowerCase();
    if (!/^10\..*\//.test(named)) return "";
    return dois.folderOf(dois.workIn(`https://any.example/${named}`) || named); // it may be of a page
  }

  async function answer() {
    const id = idHere();
    if (!id) return;
    const isDoi = id.startsWith("10.");
    const name = isDoi ? dom.doiOf(id) : id;
    const paper = new URL(`paper/${id}/index.html`, root);
    status.textContent = `Looking for ${name} …`;
    try {
      if ((await fetch(paper, { method: "HEAD" })).ok) {
        location.replace(paper);
        return;
      }
      status.replaceChildren(`${name} has been in no issue. `);
      const posts = `${app}api/v1/papers/${encodeURI(name)}/posts`;
      if (app) status.append(linkTo("What the record has of it", posts), " (JSON) · ");
    } catch {
      // opened from a disk
      status.replaceChildren(`${name}: `, linkTo("its page here", paper), ", if an issue had it · ");
    }
    status.append(linkTo(isDoi ? "at its server" : "at arXiv", dom.paperAddress(id)));
  }
  addEventListener("hashchange", answer);
  answer();
})();
