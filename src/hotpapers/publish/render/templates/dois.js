// Papers by their DOIs, as in base/papers: the patterns of doi.py and paper_servers.py are before this.
"use strict";
const dois = (() => {
  const { osf, suffix, page, numbered, pageNumber, resolver, lookBack, ofLetters, notWhole } = doiGrammar;
  const [oldUntil, newFrom] = doiGrammar.moved;
  const works = doiGrammar.works.map((pattern) => new RegExp(`^${pattern}`));
  const HOST = "^(?:https?://)?(?:[a-z0-9-]+\\.)*";
  const addresses = doiGrammar.addresses.map(
    ([pattern, ...named]) => /** @type {const} */ ([new RegExp(HOST + pattern), named]),
  );
  const DOI = new RegExp(`(10\\.[1-9]\\d{3,8}(?:\\.\\d{1,5}){0,2}/)(${suffix})`, "g");
  const PAGE = new RegExp(page);
  const NUMBERED = new RegExp(numbered);
  const PAGE_NUMBER = new RegExp(pageNumber);
  const RESOLVER = new RegExp(resolver);
  const ADDRESS = /(?:[a-z0-9-]+\.)+[a-z]{2,24}[/:?](?:.*[/=])?$/;
  const BESIDE = /^$|doi|[_:;!?&~]$/;
  const GOES_ON = /^(?:\[?(?:…|\.\.\.)|[\u00c0-\u1fff])/;
  const ended = (own) => own.replace(/[.:/_+-]+$/, "");

  const wordBefore = (text, place) =>
    text.slice(Math.max(0, place - lookBack), place).split(/[^a-z0-9\-._~:/?#@!$&+;=%]/).at(-1);

  // the work of the DOI at a place of a text; empty if it is none
  function workAt({ 0: whole, 1: registrant, 2: all, index, input }) {
    const before = wordBefore(input, index);
    const [address] = ADDRESS.exec(before) ?? [""];
    const isPart = !address && !BESIDE.test(before);
    if (isPart || all.endsWith("...") || GOES_ON.test(input.slice(index + whole.length))) return "";
    const own = withoutPage(address, ended(all.split("http")[0]));
    return /[/\d]/.test(own) || (own && registrant === ofLetters) ? workOf(registrant + own) : "";
  }

  function withoutPage(address, own) {
    if (!address || RESOLVER.test(address)) return own;
    return ended((NUMBERED.test(address) ? own.replace(PAGE_NUMBER, "") : own).replace(PAGE, ""));
  }

  function workOf(doi) {
    const known = works.map((pattern) => pattern.exec(doi)).find(Boolean);
    return known?.groups?.work ?? (notWhole.some((start) => doi.startsWith(start)) ? "" : doi);
  }

  // of an address that names an id instead of a DOI
  function workAtAddress(word) {
    for (const [pattern, named] of addresses) {
      const { id, of } = pattern.exec(word)?.groups ?? {};
      if (id) return certain(of ? [`${osf[of]}/osf.io/{id}`] : named, id)?.replace("{id}", id) ?? "";
    }
    return "";
  }

  // openRxiv's papers got another registrant in the end of 2025
  function certain([first, second], id) {
    if (!second || id < oldUntil || !id.includes(".")) return first;
    return id < newFrom ? undefined : second;
  }

  // of a DOI, or an address with one, in lower case; empty if it names none or several
  function workIn(word) {
    const named = new Set([...word.matchAll(DOI)].map(workAt).filter(Boolean));
    return named.size > 1 ? "" : ([...named][0] ?? workAtAddress(word));
  }

  // the folder of a DOI's page, as in publish/view/site_paths.py
  function folderOf(doi) {
    const [registrant, ...rest] = doi.split("/");
    const escapedByte = (byte) => `~${byte.toString(16).padStart(2, "0")}`;
    const escaped = (sign) => Array.from(new TextEncoder().encode(sign), escapedByte).join("");
    const unsafe = /[^a-z0-9._-]|^\.|^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))./gu;
    return `${registrant}/${rest.join("/").replace(unsafe, escaped)}`;
  }

  return { workIn, folderOf };
})();
