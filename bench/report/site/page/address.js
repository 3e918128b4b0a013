// The address holds all that was chosen, so that a link leads to it; each choice is one step of the browser's history.
"use strict";
window.zgsAddress = function ({ state, usual, isKnown, partRuns }) {
  const PAUSE = 1000, QUIET = 250; // milliseconds: what follows faster is one drag; the address waits for its end
  let last = "", since = -Infinity, waiting = 0, next = "";

  function makeHash(changes = {}) {
    const all = { ...state, ...changes }, kept = new URLSearchParams();
    for (const key of Object.keys(usual)) if (all[key] !== usual[key]) kept.set(key, all[key]);
    return `#${kept}`;
  }

  /** Takes over what the address holds; returns what it changed. */
  function take() {
    clearTimeout(waiting);
    [waiting, last] = [0, ""];
    const given = [...new URLSearchParams(location.hash.slice(1))].filter(([key, value]) => isKnown(key, value)), before = { ...state };
    Object.assign(state, usual, Object.fromEntries(given));
    partRuns();
    return Object.keys(usual).filter((key) => before[key] !== state[key]);
  }

  /** Writes the address after a choice. A drag is one step back, and written when it rests: browsers bound how often. */
  function keep(keys) {
    const now = performance.now(), goesOn = keys === last && now - since < PAUSE;
    [last, since] = [keys, now];
    if (!goesOn) {
      settle();
      if (makeHash() !== (location.hash || "#")) history.pushState(null, "", makeHash());
      return;
    }
    clearTimeout(waiting);
    next = makeHash();
    waiting = setTimeout(settle, QUIET);
  }
  function settle() {
    if (waiting) history.replaceState(null, "", next);
    clearTimeout(waiting);
    waiting = 0;
  }

  return { makeHash, take, keep };
};
