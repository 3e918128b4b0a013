// Data as scripts and style sheets, for a page of file:// may not read files: bench/report/site/pack.py says which is which.
"use strict";
window.zgs = (function () {
  const known = new Map(), waiting = new Map(), used = [];
  const MOST = 6; // images kept in memory beside those in sight
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
  function loadSheet(name, stem = name) {
    const file = `data/${stem}.css`;
    return new Promise((resolve, reject) => {
      const sheet = document.createElement("link"), holder = document.createElement("div");
      const end = (tell) => { sheet.remove(); holder.remove(); tell(); };
      sheet.onload = () => {
        const style = getComputedStyle(holder), [text, bytes] = ["json", "bytes"].map((name) => join(style, name));
        end(() => read(text, bytes).then(resolve, () => reject(new Error(`${file} cannot be read`))));
      };
      sheet.onerror = () => end(() => reject(new Error(`${file} is not in this folder`)));
      [sheet.rel, sheet.href, holder.hidden] = ["stylesheet", file, true];
      holder.attachShadow({ mode: "open" }).append(sheet); // so that no style of the page is looked at again
      document.body.append(holder);
    });
  }
  async function read(text, bytes) {
    const value = JSON.parse(text.includes("|") ? text.replaceAll("|", "\\") : text), stream = new DecompressionStream("deflate"), writer = stream.writable.getWriter();
    writer.write(numbers.decode(bytes)).catch(() => {}); // whoever reads is told, too
    writer.close().catch(() => {});
    return numbers.placeColumns(value, new Uint8Array(await new Response(stream.readable).arrayBuffer()));
  }
  function join(style, name) {
    let text = "", part = "";
    for (let at = 0; (part = style.getPropertyValue(`--${name}-${at}`).trim()); at++) text += part.slice(1, -1);
    return text;
  }

  /** Loads an image and lets go of those that were not looked at for long. */
  async function loadImage(at) {
    const name = `image-${at}`;
    if (!known.has(name)) known.set(name, loadSheet(name, `image-${String(at).padStart(5, "0")}`));
    const place = used.indexOf(name);
    if (place >= 0) used.splice(place, 1);
    used.push(name);
    while (used.length > MOST) known.delete(used.shift());
    try { return await known.get(name); } catch (error) {
      known.delete(name);
      throw error;
    }
  }

  const opened = new Map();
  /** What `open` makes of a style sheet's value, once; a sheet that was not there is asked for again. */
  function openOnce(name, open) {
    if (!opened.has(name)) opened.set(name, loadSheet(name).then(open));
    opened.get(name).catch(() => opened.delete(name));
    return opened.get(name);
  }

  /** The steps of a run under a mapping, by metric. */
  function loadSteps(run, mapping, images) {
    return openOnce(`numbers-${run}-${mapping}`, (packed) => Object.fromEntries(Object.entries(packed).map(([metric, one]) => [metric, numbers.openSlots(one, images)])));
  }

  /** The segments of a run: columns of numbers. */
  const loadSegments = (run) => openOnce(`segments-${run}`, (columns) => columns);

  return { take, load, loadImage, loadSteps, loadSegments, get: (name) => known.get(name) };
})();
