// The preferences page; and citations to copy.
"use strict";
(() => {
  const { all, byId, make, button } = dom;
  const { LISTS, whenFollowed } = reader;
  const NOT_KEPT = "Your browser does not let this page save anything.";

  const shown = { authors: [], words: [] }; // what its field was filled with

  function offerToChoose() {
    const form = byId("reading");
    if (!form) return;
    byId("keys").append(readerKeys.list());
    for (const field of form.elements) {
      if (!field.name) continue;
      if (field.type === "checkbox") field.checked = reader.hasShortcuts();
      else if (!(field.name in LISTS)) field.value = reader.preference(field.name) || "";
    }
    whenFollowed.push(() => {
      for (const [name, list] of Object.entries(LISTS)) {
        const field = form.elements[name];
        if (field === document.activeElement) continue;
        shown[list] = reader.followed()[list];
        field.value = shown[list].join("\n");
      }
    });
    form.oninput = ({ target: { name } }) => {
      const text = String(new FormData(form).get(name) ?? "");
      const list = LISTS[name];
      if (list) readerStorage.inTurn(() => save(list, text));
      else showSaved(reader.prefer({ [name]: text }));
    };
    form.onsubmit = (event) => {
      event.preventDefault();
      showSaved(reader.prefer({}));
    };
  }

  // only what is changed here: another page may have changed the rest
  async function save(list, text) {
    const followed = await reader.loadFollowed();
    const own = readerWords.lines(text);
    const ofOthers = followed[list].filter((line) => !shown[list].includes(line) && !own.includes(line));
    shown[list] = own;
    showSaved(await reader.saveFollowed({ ...followed, [list]: [...own, ...ofOthers] }));
  }

  function showSaved(isKept) {
    byId("saved").textContent = isKept ? "Saved." : NOT_KEPT;
    reader.applyLook();
    reader.showLocalTimes();
  }

  // ---- copying

  function offerToCopy() {
    for (const text of all("pre[data-file]")) {
      const status = make("span", { role: "status" });
      async function copy() {
        try {
          await navigator.clipboard.writeText(text.textContent);
          status.textContent = "copied";
        } catch {
          status.textContent = "your browser blocked copying; please select the text";
        }
      }
      const save = () => dom.download(text.dataset.file, text.textContent, "text/plain;charset=utf-8");
      const buttons = [button("Copy", copy), " ", button("Download", save), " "];
      text.parentElement.after(make("p", { class: "acts" }, ...buttons, status));
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    offerToCopy();
    offerToChoose();
  });
})();
