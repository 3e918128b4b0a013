// What is chosen in the page, and the numbers that follow from it, for whoever draws them.
"use strict";
window.zgsState = function (site) {
  const { measureEach, findPlace, reaches } = zgsNumbers;
  const shownRuns = site.runs.map((run, at) => ({ ...run, at })).filter((run) => run.role !== "floor");
  const scored = shownRuns.filter((run) => run.mappings.length), rated = scored.length ? scored : shownRuns; // what images are sorted by
  const first = rated.find((run) => run.paper) || rated[0], other = rated.find((run) => run !== first) || first;
  const usual = {
    mapping: site.mappings[0]?.key || "", metric: "", digits: "percent", theme: "auto", sort: "name",
    a: String(first?.at ?? 0), b: String(other?.at ?? 0), paint: "text", find: "", image: "", large: "", tau: "",
    said: String(shownRuns[0]?.at ?? 0), there: "0", open: "",
    "scores-by": "", "sizes-by": "", "by-class-by": "", "said-of-by": "", "numbers-by": "", // a table's column, "-2": downwards
  };
  const state = { ...usual }, steps = [], segments = [], offsets = [];

  /** Whether images can be sorted so: by scores where a run has any, by differences where two have. */
  const canSort = (by) => by === "name" || scored.length > (["low", "high"].includes(by) ? 0 : 1);

  /** Changes that choose a variant as A or B; the other one becomes what this was, where they would be the same. */
  function chooseRun(key, value) {
    const twin = key === "a" ? "b" : "a";
    return { [key]: value, ...(state[twin] === value ? { [twin]: state[key] } : {}) };
  }
  /** Tells A and B apart where an address has them the same. */
  function partRuns() {
    if (state.a === state.b && rated.length > 1) state.b = state.a === usual.b ? usual.a : usual.b;
  }

  /** Whether a value can be chosen: anything else in an address is as if it was not there. */
  function isKnown(key, value) {
    if (!(key in usual)) return false;
    if (key === "sort" && !canSort(value)) return false;
    if (["digits", "theme", "sort", "paint"].includes(key)) return [...document.getElementById(key).options].some((each) => each.value === value);
    if (["a", "b", "said"].includes(key)) return (key === "said" ? shownRuns : rated).some((run) => String(run.at) === value);
    if (key === "mapping") return site.mappings.some((each) => each.key === value);
    if (key === "there") return /^\d+$/.test(value) && Number(value) <= site.classes;
    if (key === "open") return value.split(",").every((id) => document.querySelector(`main > details#${CSS.escape(id)}`));
    if (key === "large") return /^\d{1,4}$/.test(value);
    if (key.endsWith("-by")) return /^-?\d{1,4}$/.test(value);
    return key !== "tau" || (value !== "" && Math.abs(Number(value)) <= 1);
  }

  const mapping = () => site.mappings.find((each) => each.key === state.mapping) || site.mappings[0];
  const metrics = () => site.metrics[mapping()?.key] || [];
  const metric = () => metrics().find((each) => each.name === state.metric) || metrics()[0];
  const tau = () => {
    if (!mapping()?.moves) return null;
    const typed = state.tau === "" ? NaN : Number(state.tau);
    return Number.isFinite(typed) ? typed : mapping().own;
  };
  const place = (slots) => findPlace(tau(), mapping().rounding, slots.scale);
  const slotsOf = (run, name) => steps[run]?.[name];

  function write(value, title = metric()) {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    return state.digits === "six" ? value.toFixed(6) : title?.unit && title.unit !== "share" ? value.toFixed(3) : (100 * value).toFixed(1);
  }

  function holds(part, at) {
    const key = mapping().key, label = part.label[key]?.[at] - 1;
    return label >= 0 && (!mapping().moves || reaches(part.best[key], at, tau(), mapping().rounding));
  }
  const scoresOfImages = new Map();
  function scoreImages(run) {
    const slots = mapping() && slotsOf(run, metric()?.name);
    if (!slots) return null;
    const key = [run, mapping().key, metric().name, tau()].join();
    if (!scoresOfImages.has(key)) {
      if (scoresOfImages.size > 40) scoresOfImages.clear();
      scoresOfImages.set(key, measureEach(slots, place(slots)));
    }
    return scoresOfImages.get(key);
  }

  return { site, state, usual, rated, canSort, chooseRun, partRuns, isKnown, steps, segments, offsets, shownRuns, mapping, metrics, metric, tau, place, slotsOf, write, holds, scoreImages };
};
