// What a browser keeps for the pages of a site: preferences, and values in IndexedDB. From a disk, some browsers keep
// them for each file alone; there, a cookie has the preferences, and the file storage.html, in a frame of each page,
// the values.
"use strict";
const readerStorage = (() => {
  const KEY = "hotpapers";
  const STORE = "reader";
  const COOKIE_SECONDS = 34560000;
  const PATIENCE = 5000; // ms
  const root = new URL(".", /** @type {HTMLScriptElement} */ (document.currentScript).src);
  const isFile = location.protocol === "file:";

  // ---- preferences: read before anything is drawn

  const cookie = () =>
    document.cookie
      .split("; ")
      .find((part) => part.startsWith(`${KEY}=`))
      ?.slice(KEY.length + 1);

  function setCookie(text, seconds) {
    document.cookie = `${KEY}=${text}; path=${root.pathname}; max-age=${seconds}; samesite=strict`;
  }

  function preferences() {
    try {
      const text = isFile && cookie() ? decodeURIComponent(cookie()) : localStorage.getItem(KEY);
      return Object.fromEntries(
        Object.entries(JSON.parse(text) || {}).filter(([, value]) => typeof value === "string"),
      );
    } catch {
      return {};
    }
  }

  function savePreferences(all) {
    const text = JSON.stringify(all);
    try {
      if (isFile) {
        setCookie(encodeURIComponent(text), COOKIE_SECONDS);
        if (cookie() !== encodeURIComponent(text)) setCookie("", 0); // it was too long
      }
      localStorage.setItem(KEY, text);
      return true;
    } catch {
      return false;
    }
  }

  // ---- values

  function database() {
    return new Promise((done, failed) => {
      const request = indexedDB.open(KEY, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => done(request.result);
      request.onerror = request.onblocked = () => failed(request.error);
    });
  }

  async function transact(mode, act) {
    const opened = await database();
    try {
      return await new Promise((done, failed) => {
        const transaction = opened.transaction(STORE, mode);
        const request = act(transaction.objectStore(STORE));
        transaction.oncomplete = () => done(request.result);
        transaction.onerror = transaction.onabort = () => failed(transaction.error);
      });
    } finally {
      opened.close();
    }
  }

  const own = {
    get: (key) => transact("readonly", (store) => store.get(key)),
    set: (key, value) => transact("readwrite", (store) => store.put(value, key)),
  };

  // ---- in a frame, which is asked by messages

  async function answer({ data: { act, key, value }, ports }) {
    const [port] = ports;
    try {
      port.postMessage({ value: await own[act](key, value) });
    } catch (problem) {
      port.postMessage({ problem: `${problem?.name}` });
    }
  }
  if (isFile && parent !== window && location.pathname.endsWith("/storage.html")) addEventListener("message", answer);

  let frame = null; // a promise of its window

  function opened() {
    return new Promise((done) => {
      const element = document.createElement("iframe");
      element.hidden = true;
      element.onload = () => done(element.contentWindow);
      element.src = new URL("storage.html", root).href;
      document.body.append(element);
    });
  }

  async function ask(act, key, value) {
    const target = await (frame ??= opened());
    const { port1, port2 } = new MessageChannel();
    return new Promise((done, failed) => {
      setTimeout(() => failed(new DOMException("no answer", "TimeoutError")), PATIENCE);
      port1.onmessage = ({ data }) =>
        "problem" in data ? failed(new DOMException("", data.problem)) : done(data.value);
      target.postMessage({ act, key, value }, "*", [port2]);
    });
  }

  // One change at a time, so that none overwrites another; of all pages, where the browser lets pages agree. Where it
  // refuses, as where storage is blocked, or another page takes too long, this page does not wait.
  let lastChange = Promise.resolve();

  async function locked(change) {
    let hasBegun = false;
    const begin = () => {
      hasBegun = true;
      return change();
    };
    if (isFile || !navigator.locks) return change();
    const patience = new AbortController();
    setTimeout(() => patience.abort(), PATIENCE);
    try {
      return await navigator.locks.request(KEY, { signal: patience.signal }, begin);
    } catch (problem) {
      if (hasBegun) throw problem;
      return change();
    }
  }

  function inTurn(change) {
    const changed = lastChange.then(() => locked(change));
    lastChange = changed.catch(() => {});
    return changed;
  }

  const getValue = (key) => (isFile ? ask("get", key) : own.get(key));
  const setValue = (key, value) => (isFile ? ask("set", key, value) : own.set(key, value));
  return { preferences, savePreferences, getValue, setValue, inTurn };
})();
