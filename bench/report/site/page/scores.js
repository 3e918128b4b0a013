// The tables of the page: scores at the threshold, by class and size, what was said of what was there, all numbers.
"use strict";
window.zgsScores = function (app) {
  const { site, mapping, metrics, metric, tau, place, slotsOf, write, holds } = app;
  const { fill } = zgsTables, { measure } = zgsNumbers, $ = (id) => document.getElementById(id);

  function findInterval(run, name) {
    return site.intervals.find((each) => each[0] === run && each[1] === mapping().key && each[2] === name && (each[3] === tau() || !mapping().moves));
  }
  function drawScores() {
    const heads = [{ title: "variant", text: true }, ...metrics().map((each) => ({ title: `${each.title}${each.how ? ` (${each.how})` : ""}` }))];
    const rows = site.runs.map((run, at) => ({
      bound: run.role !== "own",
      cells: [{ text: run.name, colour: run.role === "floor" ? "" : `rgb(${zgsPaint.chooseColour(at)})` }, ...metrics().map((each) => {
        const slots = slotsOf(at, each.name);
        if (!slots) return { text: "–", sort: NaN };
        const { value, n } = measure(slots, place(slots)), span = findInterval(at, each.name);
        const ends = span ? `[${write(span[4])}, ${write(span[5])}]${span[6] ? "*" : ""} ` : "";
        return { text: write(value), small: `${ends}n=${n}`, sort: value, name: `${at}/${each.name}` };
      })],
    }));
    fill($("scores"), `Scores by ${mapping().title} at a threshold of ${tau() ?? "none"}`, heads, rows);
    const doubts = [...new Set(site.intervals.filter((each) => each[6]).map((each) => each[6]))].slice(0, 3);
    $("scores-note").textContent = `${mapping().title}: ${mapping().words}${mapping().model ? ` (${mapping().model})` : ""}. `
      + "95 % intervals stand where the runs measured them: at their own threshold and at those of their curves."
      + (doubts.length ? ` * may be too narrow: ${doubts.join("; ")}.` : "");
  }
  function drawGroups() {
    if (!$("groups").open) return;
    const heads = (first) => [{ title: first, text: true }, ...site.runs.map((run) => ({ title: run.name }))];
    const row = (text, keep, sort = text) => ({
      cells: [{ text, sort }, ...site.runs.map((_, at) => {
        const slots = slotsOf(at, metric().name);
        const { value, n } = slots ? measure(slots, place(slots), keep(slots)) : { value: NaN, n: 0 };
        return { text: write(value), small: `n=${n}`, sort: value };
      })],
    });
    const sizes = ["tiny: < 1/256 of the image", "small: to 1/64", "medium: to 1/16", "large"];
    fill($("sizes"), "By size of the true segment", heads("size"), sizes.map((text, at) => row(text, (slots) => (slot) => slots.size[slot] === at + 1, at)));
    const classes = [...Array(site.classes).keys()].map((at) => row(site.texts[at], (slots) => (slot) => slots.class[slot] === at + 1));
    fill($("by-class"), "By class", heads("class"), classes.filter((each) => each.cells.slice(1).some((cell) => !Number.isNaN(cell.sort))));
  }
  function drawNumbers() {
    if (!$("all").open) return;
    const heads = [{ title: "metric", text: true }, { title: "variant", text: true }, { title: "value" }, { title: "95 % interval" }, { title: "n" }];
    fill($("numbers"), "All numbers of the runs", heads, site.numbers.map((row) => ({
      bound: row.role !== "own",
      cells: [{ text: row.title }, { text: row.variant, isText: true }, { text: write(row.value, row), sort: row.value ?? NaN },
        { text: row.low === null ? "–" : `[${write(row.low, row)}, ${write(row.high, row)}]${row.note ? "*" : ""}`, sort: row.low ?? NaN },
        { text: `${row.n} ${row.of}`, sort: row.n }],
    })));
  }
  async function drawConfusion() {
    if (!$("confusion").open || !mapping()) return;
    const run = Number($("confusion-run").value), wanted = Number($("confusion-class").value), part = await zgs.loadSegments(run);
    const said = new Map(), add = (kind, text, pixels, image) => {
      const key = `${kind}/${text}`, known = said.get(key) || { kind, text, pixels: 0, images: new Set(), classes: new Map() };
      known.pixels += pixels;
      if (image !== null) known.images.add(image);
      said.set(key, known);
      return known;
    };
    for (let at = 0; at < part.image.length; at++) {
      const held = holds(part, at);
      for (let entry = part.starts[at]; entry < part.starts[at + 1]; entry++) {
        if (part.class[entry] !== wanted) continue;
        const label = part.label[mapping().key]?.[at] - 1;
        const known = held ? add("said", site.texts[part.text[at]], part.pixels[entry], part.image[at]) : add("rest", "below the threshold", part.pixels[entry], part.image[at]);
        if (held && label >= 0) known.classes.set(label, (known.classes.get(label) || 0) + part.pixels[entry]);
      }
    }
    if (part.uncovered[wanted]) add("rest", "under no segment", part.uncovered[wanted], null);
    const whole = part.truth[wanted] || NaN;
    const rows = [...said.values()].sort((a, b) => b.pixels - a.pixels).slice(0, 100).map((each) => ({
      bound: each.kind === "rest",
      cells: [each.kind === "said" ? { text: each.text || "(an empty text)", go: () => app.set({ find: each.text }, true) } : { text: each.text },
        { text: [...each.classes.keys()].map((label) => site.texts[label]).join(", "), isText: true },
        { text: `${((100 * each.pixels) / whole).toFixed(1)} %`, sort: each.pixels }, { text: String(each.images.size), sort: each.images.size }],
    }));
    fill($("said-of"), `What ${site.runs[run].name} says of ${site.texts[wanted] || "background"}`,
      [{ title: "text", text: true }, { title: "taken as", text: true }, { title: "of its pixels" }, { title: "images" }], rows);
  }

  return { drawScores, drawGroups, drawNumbers, drawConfusion };
};
