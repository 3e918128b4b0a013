// Data as scripts and style sheets, for a page of file:// may not read files: bench/report/site/pack.py says which is which.
"use strict";
window.zgs = (function () {
  const known = new Map(), waiting = new Map(), used = [];
  const MOST = 10; // images kept in memory beside those in sight
  const numbers = window.zgsNumbers;

  /** What every data file calls. */
  function take(name, value) {
    known.set(name, value);
    for (const tell of waiting.get(name) || []) tell(value);
    waiting.delete(name);
  }

  /** Loads a data file once; rejects with a sentence where it is not there. */
  function load(name, file = `data/${name}.js`) {
    if (known.has(name)) return Promise.resolve(known.get(name));
    return new Promise((resolve, reject) => {
      const asked = waiting.get(name);
      waiting.set(name, [...(asked || []), resolve]);
      if (asked) return;
      const script = document.createElement("script");
      script.src = file;
      script.onload = () => script.remove();
      script.onerror = () => { waiting.delete(name); script.remove(); reject(new Error(`${file} is not in this folder`)); };
      document.head.append(script);
    });
  }

  /** Loads a style sheet whose one rule says a value of the element `name`, and lets go of both. */
  function loadSheet(name, file) {
    return new Promise((resolve, reject) => {
      const sheet = document.createElement("link"), holder = document.createElement("i");
      const end = (tell) => { sheet.remove(); holder.remove(); tell(); };
      sheet.onload = () => { const value = readSheet(getComputedStyle(holder)); end(() => (value ? resolve(value) : reject(new Error(`${file} cannot be read`)))); };
      sheet.onerror = () => end(() => reject(new Error(`${file} is not in this folder`)));
      [sheet.rel, sheet.href, holder.id, holder.hidden] = ["stylesheet", file, name, true];
      document.body.append(holder);
      document.head.append(sheet);
    });
  }
  function readSheet(style) {
    const text = join(style, "json");
    try { return { ...JSON.parse(text.includes("|") ? text.replaceAll("|", "\\") : text), bytes: numbers.unpack({ type: "u1", data: join(style, "bytes") }) }; } catch { return null; }
  }
  function join(style, name) {
    let text = "", part = "";
    for (let at = 0; (part = style.getPropertyValue(`--${name}-${at}`).trim()); at++) text += part.slice(1, -1);
    return text;
  }

  /** Loads an image's segments, and lets go of those that were not looked at for long. */
  async function loadImage(at) {
    const name = `image-${at}`;
    if (!known.has(name)) known.set(name, loadSheet(name, `data/image-${String(at).padStart(5, "0")}.css`));
    const place = used.indexOf(name);
    if (place >= 0) used.splice(place, 1);
    used.push(name);
    while (used.length > MOST) known.delete(used.shift());
    try { return await known.get(name); } catch (error) { known.delete(name); throw error; }
  }

  const opened = new Map();
  /** The steps of a run under a mapping, by metric. */
  async function loadSteps(run, mapping, images) {
    const name = `numbers-${run}-${mapping}`;
    if (!opened.has(name)) {
      const packed = await load(name);
      opened.set(name, Object.fromEntries(Object.entries(packed).map(([metric, one]) => [metric, numbers.openSlots(one, images)])));
      known.delete(name);
    }
    return opened.get(name);
  }

  /** The segments of a run: columns of numbers. */
  async function loadSegments(run) {
    const name = `segments-${run}`;
    if (!opened.has(name)) {
      const packed = await load(name), columns = { uncovered: packed.uncovered, truth: packed.truth, label: {}, best: {} };
      for (const key of ["image", "text", "starts", "class", "pixels"]) columns[key] = numbers.unpack(packed[key]);
      for (const key of Object.keys(packed.label)) {
        columns.label[key] = numbers.unpack(packed.label[key]);
        columns.best[key] = { values: numbers.unpack(packed.best[key]), scale: packed.best[key].scale };
      }
      opened.set(name, columns);
      known.delete(name);
    }
    return opened.get(name);
  }

  return { take, load, loadImage, loadSteps, loadSegments, get: (name) => known.get(name) };
})();
