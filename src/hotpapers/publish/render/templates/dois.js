// Papers by their DOIs, as in base/papers/paper_servers.py; its patterns are before this, in `doiPatterns`.
"use strict";
const dois = (() => {
  const patterns = doiPatterns.map((pattern) => new RegExp(`^${pattern}`));

  // of a DOI that may name a version or a page: that of the work
  function workOf(doi) {
    const known = patterns.map((pattern) => pattern.exec(doi)).find(Boolean);
    if (known) return known.groups.work;
    return doi.replace(/[/.,;:]+$/, "").replace(/[./](?:full|abstract|e?pdf|html?)$/, "");
  }

  // the folder of a DOI's page, as in publish/view/site_paths.py
  function folderOf(doi) {
    const [registrant, ...suffix] = doi.split("/");
    const escapedByte = (byte) => `~${byte.toString(16).padStart(2, "0")}`;
    const escaped = (sign) => Array.from(new TextEncoder().encode(sign), escapedByte).join("");
    const unsafe = /[^a-z0-9._-]|^\.|^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))./gu;
    return `${registrant}/${suffix.join("/").replace(unsafe, escaped)}`;
  }

  return { workOf, folderOf };
})();
