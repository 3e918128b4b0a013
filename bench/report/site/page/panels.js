// What stands in a row of the gallery, and in which order rows stand.
"use strict";
window.zgsPanels = function (app) {
  const { site, state, segments, offsets, shownRuns, mapping, metric, write, holds, scoreImages } = app, { count } = zgsTables;

  function makeRunPanel(run) {
    const find = (at) => (segments[run.at] && mapping() ? offsets[run.at][at] : null);
    return {
      title: run.name, read: (image) => image.runs[run.at],
      note: (at) => (metric() && scoreImages(run.at) ? `${metric().title} ${write(scoreImages(run.at)[at])}` : ""),
      shade: (part, at) => Array.from(part.texts, (text, s) => {
        const first = find(at), label = first === null ? -1 : segments[run.at].label[mapping().key][first + s] - 1;
        const held = first === null || holds(segments[run.at], first + s);
        const shown = state.paint === "class" && first !== null ? label : text;
        return { rgb: zgsPaint.chooseColour(Math.max(0, shown)), text: site.texts[shown] || "", faded: !held };
      }),
      tell: (part, shades) => `${count(shades.length, "segment")}: ${shades.map((each) => `${each.text || "no text"}${each.faded ? " (below the threshold)" : ""}`).join(", ")}`,
      explain: (part, s, at) => explainSegment(part, s, find(at), run),
    };
  }
  const listNearest = ({ classes, near, each }, s) => Array.from({ length: each }, (_, at) => `${site.texts[classes[each * s + at]]} ${(near[each * s + at] / 1e4).toFixed(3)}`).join(", ");
  function explainSegment(part, s, first, run) {
    const lines = [`${((100 * part.areas[s]) / part.whole).toFixed(1)} % of the image`];
    if (first !== null) lines.push(holds(segments[run.at], first + s) ? `taken as ${site.texts[segments[run.at].label[mapping().key][first + s] - 1]} by ${mapping().title}` : "no class at this threshold");
    for (const rows of ["tt", "st"]) if (part[rows]) lines.push(`${rows.toUpperCase()}: ${listNearest(part[rows], s)}`);
    return { title: site.texts[part.texts[s]] || "(an empty text)", lines };
  }
  const plain = (title, read, shade, note = () => "") => ({
    title, read, shade, note, tell: (part, shades) => (part ? shades.map((each) => each.text).filter(Boolean).join(", ") || count(shades.length, "segment") : "the image alone"),
    explain: (part, s) => ({ title: shade(part)[s]?.text || `segment ${s + 1}`, lines: [] }),
  });
  const classShades = Array.from({ length: site.classes }, (_, at) => ({ rgb: zgsPaint.chooseColour(at), text: site.texts[at] }));
  /** The classes of a map of true labels, in words. */
  function listClasses(map) {
    const seen = new Set();
    for (let run = 0; run < map.of.length; run++) seen.add(map.of[run]); // a loop: each step of an iterator is an object
    return [...seen].sort((a, b) => a - b).filter((each) => each > 1).map((each) => site.texts[each - 2]).join(", ") || "nothing labelled";
  }
  const allPanels = [
    plain("input", () => null, () => []),
    ...(site.over ? [plain("over-segments", (image) => image.over, (part) => [...Array(part.count).keys()].map((at) => ({ rgb: zgsPaint.chooseColour(at), text: "" })), (_, part) => (part?.count ? count(part.count, "segment") : ""))] : []),
    ...shownRuns.map(makeRunPanel),
    ...(site.classes ? [{ ...plain("ground truth", (image) => image.truth, () => classShades), tell: (part, shades, map) => (map ? listClasses(map) : "not labelled") }] : []),
  ];

  /** What a row says of its image beside its name: by how much A is ahead of B there, or how far all variants are apart. */
  function noteRow(at) {
    if (!metric() || state.sort === "name" || state.sort === "low" || state.sort === "high") return "";
    const [a, b] = [state.a, state.b].map((run) => scoreImages(Number(run))?.[at] ?? NaN);
    if (state.sort !== "spread") return `${nameRun(state.a)} over ${nameRun(state.b)}: ${sign(a - b)}`;
    return `apart by ${write(measureSpread(at))}`;
  }
  /** How far the variants that have a number are apart in an image; NaN where fewer than two have one. */
  function measureSpread(at) {
    const every = shownRuns.map((run) => scoreImages(run.at)?.[at] ?? NaN).filter((value) => !Number.isNaN(value));
    return every.length > 1 ? Math.max(...every) - Math.min(...every) : NaN;
  }
  const nameRun = (at) => site.runs[Number(at)].name;
  const sign = (value) => `${value > 0 ? "+" : ""}${write(value).replace("-", "−")}`;

  function orderImages() {
    const all = [...Array(site.shown).keys()].filter(matches), a = scoreImages(Number(state.a)), b = scoreImages(Number(state.b));
    const key = { low: (at) => a?.[at], high: (at) => -a?.[at], helps: (at) => -(a?.[at] - b?.[at]), hurts: (at) => a?.[at] - b?.[at],
      spread: (at) => -measureSpread(at) }[state.sort];
    if (!key) return all;
    const values = new Map(all.map((at) => [at, key(at)])), last = (value) => (value === undefined || Number.isNaN(value) ? Infinity : value);
    return all.sort((x, y) => last(values.get(x)) - last(values.get(y)) || x - y);
  }
  let found = { text: "", images: null };
  function matches(at) {
    if (!state.find) return true;
    const wanted = state.find.toLocaleLowerCase();
    if (found.text !== wanted) {
      const texts = new Set(site.texts.map((text, number) => (text.toLocaleLowerCase().includes(wanted) ? number : -1)));
      found = { text: wanted, images: new Set() };
      for (const part of segments.filter(Boolean)) part.text.forEach((text, each) => { if (texts.has(text)) found.images.add(part.image[each]); });
      site.there.forEach((classes, each) => { if (classes.some((label) => texts.has(label))) found.images.add(each); });
    }
    return found.images.has(at) || site.ids[at].toLocaleLowerCase().includes(wanted);
  }
  return { allPanels, orderImages, noteRow };
};
