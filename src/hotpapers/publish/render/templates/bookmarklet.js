// A bookmark that leads from a paper's page anywhere to this page, and from here to what is said about the paper.
"use strict";
(() => {
  const { root, make } = dom;

  // becomes the bookmark: refers to nothing outside itself
  function leave(page) {
    const id =
      /(?:arxiv\.org\/[a-z]+\/|\b10\.48550\/arxiv\.|alphaxiv\.org\/[a-z]+\/|\b(?:huggingface\.co|hf\.co)\/papers\/)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?\/\d{7})(?!\d)/i;
    const declared = [...document.querySelectorAll("meta[name='citation_doi' i], meta[name='dc.identifier' i]")];
    const texts = [location.href.replace(/%2f/gi, "/"), ...declared.map((meta) => meta.getAttribute("content"))];
    const match = texts.map((text) => id.exec(text)).find(Boolean);
    if (match) window.open(`${page}#${match[1]}`);
    else window.alert("This page’s address names no arXiv paper.");
  }

  const place = dom.find("#bookmark span");
  const { href } = new URL("bookmarklet/index.html", root);
  const link = linkTo(place.textContent, `javascript:${encodeURIComponent(`(${leave})(${JSON.stringify(href)})`)}`);
  link.onclick = (event) => event.preventDefault(); // only dragging it makes a bookmark
  place.replaceWith(link);

  function linkTo(text, address) {
    return make("a", { href: address }, text);
  }

  async function answer() {
    const match = /^#(\d{4}\.\d{4,5}|([a-z-]+)(?:\.[a-z]{2})?(\/\d{7}))$/i.exec(location.hash);
    if (!match) return;
    const id = match[2] ? match[2].toLowerCase() + match[3] : match[1];
    const paper = new URL(`paper/${id}/index.html`, root);
    const status = dom.byId("said");
    const { app } = status.dataset;
    status.textContent = `Looking for ${id} …`;
    try {
      if ((await fetch(paper, { method: "HEAD" })).ok) {
        location.replace(paper);
        return;
      }
      status.replaceChildren(`${id} has been in no issue. `);
      if (app) status.append(linkTo("What the record has of it", `${app}api/v1/papers/${id}/posts`), " (JSON) · ");
    } catch {
      // opened from a disk
      status.replaceChildren(`${id}: `, linkTo("its page here", paper), ", if an issue had it · ");
    }
    status.append(linkTo("at arXiv", `https://arxiv.org/abs/${id}`));
  }
  addEventListener("hashchange", answer);
  answer();
})();
