// Papers by their ids and DOIs, as in base/papers: the patterns of doi.py and paper_servers.py are before this.
"use strict";
const dois = (() => {
  const { osf, suffix, page, numbered, pageNumber, resolver, lookBack, ofLetters, notWhole } = doiGrammar;
  const { signs, plain, reviewed, next, afterAnother, label, badgeEnd, numbers, goesOn, arxiv } = doiGrammar;
  const { places, titles } = doiGrammar;
  const [oldUntil, newFrom] = doiGrammar.moved;
  const works = doiGrammar.works.map((pattern) => new RegExp(`^${pattern}`));
  const HOST = "(?:^|:/{1,3}|[^a-z0-9._/-])(?:[a-z0-9-]+\\.)*";
  const addresses = doiGrammar.addresses.map(
    ([pattern, ...named]) => /** @type {const} */ ([new RegExp(HOST + pattern, "g"), named]),
  );
  const DOI = new RegExp(`(10\\.[1-9]\\d{3,8}(?:\\.\\d{1,5}){0,2}/)(${suffix})`, "y");
  const SIGNS = new RegExp(`[${signs}]`, "g");
  const REVIEWED = new RegExp(reviewed, "g");
  const NEXT = new RegExp(next);
  const AFTER_ANOTHER = new RegExp(afterAnother);
  const LABEL = new RegExp(label);
  const BADGE_END = new RegExp(badgeEnd);
  const BADGE = /shields\.io\/badge\/(?:.*[-/])?$/;
  const NUMBERS = new RegExp(numbers);
  const GOES_ON = new RegExp(goesOn, "u");
  const PAGE = new RegExp(page);
  const NUMBERED = new RegExp(numbered);
  const PAGE_NUMBER = new RegExp(pageNumber);
  const RESOLVER = new RegExp(resolver);
  const ADDRESS = /(?:[a-z0-9-]+\.)+[a-z]{2,24}[/:?](?:.*[/=])?$/;
  const BESIDE = /^$|doi|[_:;!?&~]$/;
  const ended = (own) => own.replace(/[.:/_+-]+$/, "");

  // without invisible signs and other scripts' ones, and without the escapes of PREreview's addresses
  const plainOf = (text) =>
    text
      .replace(SIGNS, (sign) => plain[sign] ?? "")
      .replace(REVIEWED, (doi) => doi.replace(/[-+]/g, (sign) => (sign === "-" ? "/" : "-")));

  // the works of the DOIs in a word, one after the other
  function worksIn(word) {
    const named = [];
    let end = 0;
    for (const { index } of word.matchAll(/10\./g)) {
      DOI.lastIndex = index;
      const match = index < end ? null : DOI.exec(word);
      const doi = match && doiAt(match, end);
      const known = doi && works.map((pattern) => pattern.exec(doi)).find(Boolean);
      if (doi && (known || !notWhole.some((start) => doi.startsWith(start)))) {
        named.push(known ? known.groups.work : doi);
        end = index + (known ? known[0] : doi).length;
      }
    }
    return named;
  }

  // the DOI of a match, without what follows it in a text or on a page; empty if it is none, or in another's address
  function doiAt(match, end) {
    const [whole, registrant, all] = match;
    const { index, input } = match;
    const { address, isNamed, isInWord } = surroundings(input.slice(Math.max(0, index - lookBack), index));
    const isInOther = address && index - address.length < end;
    if (isInWord || isInOther || !isEnd(all, input.slice(index + whole.length))) return "";
    const own = withoutPage(address, ended(all.split(NEXT)[0]));
    return isWhole(registrant, own, isNamed) ? registrant + own : "";
  }

  // the address up to a DOI, if it is in one; whether that or the word DOI names it; whether it is part of a word
  function surroundings(before) {
    const word = before.split(/[^a-z0-9\-._~:/?#@!$&+;=%]/).at(-1);
    const isAlone = LABEL.test(before) || AFTER_ANOTHER.test(before);
    const last = isAlone ? "" : word.slice(Math.max(word.lastIndexOf("http"), 0)); // if an address is in another
    const [address] = BADGE.exec(word) ?? ADDRESS.exec(last) ?? [""];
    const isNamed = address !== "" || word.includes("doi");
    return { address, isNamed, isInWord: !address && !isAlone && !BESIDE.test(word) };
  }

  const isEnd = (all, after) => NEXT.test(all) || !(all.endsWith("...") || GOES_ON.test(after));

  const isWhole = (registrant, own, isNamed) =>
    (isNamed || !NUMBERS.test(own)) && (/[/\d]/.test(own) || (own !== "" && registrant === ofLetters));

  function withoutPage(address, own) {
    if (BADGE.test(address)) return own.replace(BADGE_END, "").replace(/--/g, "-").replace(/__/g, "_");
    if (!address || RESOLVER.test(address)) return own;
    return ended((NUMBERED.test(address) ? own.replace(PAGE_NUMBER, "") : own).replace(PAGE, ""));
  }

  // of addresses that name an id instead of a DOI
  function worksAtAddresses(word) {
    return addresses.flatMap(([pattern, named]) =>
      [...word.matchAll(pattern)].flatMap(({ groups: { id, of } }) => {
        const work = id && certain(of ? [`${osf[of]}/osf.io/{id}`] : named, id);
        return work ? [work.replace("{id}", id)] : [];
      }),
    );
  }

  // openRxiv's papers got another registrant in the end of 2025
  function certain([first, second], id) {
    if (!second || id < oldUntil || !id.includes(".")) return first;
    return id < newFrom ? undefined : second;
  }

  // of a DOI, or an address with one, in lower case; empty if it names none or several
  function workIn(text) {
    const word = plainOf(text);
    const named = worksIn(word);
    const [work, ...others] = named.length ? named : worksAtAddresses(word);
    return work && others.every((other) => other === work) ? work : "";
  }

  // ---- ids of arXiv

  const LINKED = `(?:https?://)?(?:[\\w-]+\\.)*(?:${places})|arxiv:(?:abs/)?|(?:doi: ?)?10\\.48550/arxiv\\.`;
  const WHOLE = new RegExp(
    `^(?:(?:\\S{0,300}(?:=|(?=https?://)|/(?=arxiv:)))?(?:${LINKED})|arxiv *(?:[:./] *)?)?${arxiv}` +
      "(?:\\.(?:pdf|html?))?(?:/(?:abstract)?)?(?:[?#&]\\S*)?(?: ?\\[[a-z., -]{2,60}\\]?)?$",
    "i",
  );
  const AROUND = /^[\s,;:."'“”()[\]<>{}|*_`!-]+|[\s,;:."'“”()[\]<>{}|*_`!-]+$/g;

  const canonical = (match) => (match[1] || `${match[2]}/${match[3]}`).toLowerCase();
  const trimmed = (text) => text.replace(AROUND, "");

  function wholeId(text) {
    const match = text.length <= 2000 && WHOLE.exec(trimmed(text));
    return match ? canonical(match) : "";
  }

  const OWN_PAGE = /^https?:\/\/[^\s?#]*\/paper\/([^\s?#]{7,250}?)(?:\/|\/index\.html)?(?:[?#]\S*)?$/;

  // the id of a paper: of an id, a DOI or an address, also that of its page on a site of this program
  function paperIn(text) {
    const [, name] = OWN_PAGE.exec(text.trim()) ?? [];
    const word = (name?.replaceAll("~", "%") ?? text).replace(/%[2-7][\da-f]/gi, (sign) => String.fromCharCode(Number(`0x${sign.slice(1)}`)));
    return wholeId(word) || workIn(word.toLowerCase().replace(/^10\./, "doi:$&"));
  }

  // the folder of a DOI's page, as in publish/view/site_paths.py
  function folderOf(doi) {
    const [registrant, ...rest] = doi.split("/");
    const escapedByte = (byte) => `~${byte.toString(16).padStart(2, "0")}`;
    const escaped = (sign) => Array.from(new TextEncoder().encode(sign), escapedByte).join("");
    const unsafe = /[^a-z0-9._-]|^\.|^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))./gu;
    return `${registrant}/${rest.join("/").replace(unsafe, escaped)}`;
  }

  // a category as it is indexed, also if it was written as pages name it: `bioRxiv: cell biology`
  function categoryOf(text) {
    const [server, own = ""] = text.toLowerCase().split(/:(.*)/s).map((part) => part.trim());
    const words = own.split("(")[0].split(/[^a-z]+/).filter(Boolean);
    if (server === "arxiv") return own || server;
    return [titles[server] ?? server, words.join("-")].filter(Boolean).join(".");
  }

  return { onArxiv: { LINKED, canonical, trimmed, wholeId }, workIn, paperIn, folderOf, categoryOf };
})();
