// The link to “My papers” in the header once a paper is starred, before anything is drawn, and on the preferences page.
"use strict";
const myPapersLink = (() => {
  const { find, make } = dom;
  const PAGE = new URL("my-papers/index.html", dom.root);
  reader.keys.s = () => {}; // listed on every page, until papers offer it

  const link = (attributes = {}) => make("a", { href: PAGE, ...attributes }, "My papers");

  // a preference says whether anything is starred: pages know that before they are drawn
  function show() {
    const menu = find(".masthead nav ul");
    const old = menu && find(".my-papers", menu);
    const hasStars = reader.preference("starred") !== undefined;
    if (!menu || Boolean(old) === hasStars) return;
    const isHere = PAGE.pathname.startsWith(location.pathname) && location.pathname.includes("/my-papers/");
    if (old) old.remove();
    else menu.append(make("li", { class: "my-papers" }, link(isHere ? { "aria-current": "page" } : {})));
  }
  reader.whileArriving.push(show);

  document.addEventListener("DOMContentLoaded", () => {
    const words = ": what you starred, to read, export, add to or forget.";
    dom.byId("reading")?.after(make("p", {}, link(), words));
  });

  return { show };
})();
