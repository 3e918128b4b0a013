// The page: puts the parts together, listens, and draws again what follows from a choice.
"use strict";
(async function () {
  const site = zgs.get("site"), app = zgsState(site), { make, count } = zgsTables, $ = (id) => document.getElementById(id);
  const { state, steps, segments, offsets, shownRuns, mapping, metrics, metric, tau } = app, address = zgsAddress(app);
  const { drawScores, drawGroups, drawNumbers, drawConfusion } = zgsScores(app), { drawCurve } = zgsCurve(app);
  const { allPanels, orderImages, noteRow } = zgsPanels(app);
  const PARTS = ["groups", "confusion", "all", "provenance", "people"]; // what opens and closes

  function drawGallery() {
    const order = orderImages();
    zgsGallery.show(order);
    $("count").textContent = `${order.length} of ${count(site.ids.length, "image")}`;
    for (const [id, shown] of [["run-a", state.sort !== "name" && state.sort !== "spread"], ["run-b", ["helps", "hurts"].includes(state.sort)]]) $(id).parentElement.hidden = !shown;
  }

  const host = {
    site, panels: () => allPanels, linkTo: address.makeHash, openImage: (at) => { set({ image: site.ids[at] }); showImage(); }, note: noteRow,
    tip(told, x, y) {
      const box = $("tip");
      box.hidden = !told;
      if (!told) return;
      box.replaceChildren(make("b", told.title), ...told.lines.map((text) => make("div", text)));
      box.style.left = `${Math.max(6, Math.min(x + 14, innerWidth - box.offsetWidth - 6))}px`;
      box.style.top = `${Math.max(6, y + 18 + box.offsetHeight > innerHeight ? y - box.offsetHeight - 10 : y + 18)}px`;
      $("said").textContent = [told.title, ...told.lines].join(". ");
    },
    enlarge: (panel, at) => set({ image: site.ids[at], large: String(allPanels.indexOf(panel)) }),
  };

  app.set = set;
  function set(changes, jump = false) {
    Object.assign(state, changes);
    if ("mapping" in changes) { state.tau = ""; state.metric = ""; }
    address.keep(Object.keys(changes).join());
    if ("mapping" in changes) return load();
    draw();
    if (jump) $("gallery").scrollIntoView();
  }
  let waiting = 0;
  function draw() {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      document.documentElement.dataset.theme = state.theme === "auto" ? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light") : state.theme;
      showChoices();
      if (mapping()) { drawScores(); drawGroups(); drawConfusion(); }
      drawNumbers();
      drawGallery();
      large.show();
      setTimeout(drawCurve, 0);
    });
  }
  function options(select, entries, value) {
    select.replaceChildren(...entries.map(([key, text]) => make("option", text, { value: key })));
    select.value = value;
  }
  function showChoices() {
    const moves = Boolean(mapping()?.moves);
    for (const id of ["tau", "tau-exact", "tau-own"]) $(id).disabled = !moves;
    if (moves) {
      $("tau").max = mapping().stop;
      $("tau").value = tau() ?? 0;
      const typed = $("tau-exact").value;
      if (typed === "" ? document.activeElement !== $("tau-exact") : Number(typed) !== tau()) $("tau-exact").value = tau() ?? "";
      $("tau-name").textContent = `τ of ${mapping().title}`;
      $("tau").setAttribute("aria-valuetext", `${tau() ?? "none"} of ${mapping().stop}`);
      $("tau-own").replaceChildren(make("span", "as the protocol says (", { class: "words" }), String(mapping().own ?? "none"), make("span", ")", { class: "words" }));
    }
    options($("metric"), metrics().map((each) => [each.name, `${each.title}${each.how ? `, ${each.how}` : ""}`]), metric()?.name || "");
    for (const key of ["digits", "theme", "sort", "paint"]) $(key).value = state[key];
    for (const id of PARTS) $(id).open = state.open.split(",").includes(id);
    for (const radio of document.getElementsByName("mapping")) radio.checked = radio.value === mapping()?.key;
    $("run-a").value = state.a;
    $("run-b").value = state.b;
    $("confusion-run").value = state.said;
    $("confusion-class").value = state.there;
    if ($("find").value !== state.find) $("find").value = state.find;
    nameSorts();
    $("a-name").textContent = ["helps", "hurts"].includes(state.sort) ? "A" : "of";
  }
  /** Says what the sorting by a difference answers, by the names of the two variants. */
  function nameSorts() {
    const [a, b] = [state.a, state.b].map((at) => site.runs[Number(at)]?.name ?? "");
    for (const [value, word] of [["helps", "helps most"], ["hurts", "hurts most"]]) $("sort").querySelector(`[value=${value}]`).textContent = a === b ? `A over B: where it ${word}` : `where ${a} ${word} over ${b}`;
  }
  /** Loads what the chosen mapping needs and draws; what is not in the folder is told, and the rest stands. */
  async function load() {
    try { await loadData(); } catch (error) {
      $("warnings").append(make("p", `${error.message}: write the site again`, { class: "warning" }));
      draw();
    }
  }
  async function loadData() {
    const chosen = mapping();
    if (chosen) await Promise.all(site.runs.map(async (run, at) => { steps[at] = run.mappings.includes(chosen.key) ? await zgs.loadSteps(at, chosen.key, site.ids.length) : null; }));
    draw();
    for (const { at, mappings } of shownRuns) {
      if (segments[at] || !mappings.length) continue;
      segments[at] = await zgs.loadSegments(at);
      offsets[at] = new Int32Array(site.ids.length);
      segments[at].image.forEach((image, s) => { if (s === 0 || segments[at].image[s - 1] !== image) offsets[at][image] = s; });
    }
    draw();
  }

  function prepare() {
    $("title").textContent = document.title = site.title;
    $("facts").textContent = `${site.data} · ${count(site.ids.length, "image")} · ${count(site.runs.length, "run")} · zgs ${site.version}`;
    site.warnings.forEach((text) => $("warnings").append(make("p", text, { class: "warning" })));
    if (site.missing.length) {
      $("missing").hidden = false;
      $("missing").open = true;
      $("missing").querySelector("summary").textContent = `What is missing here (${site.missing.length})`;
      site.missing.forEach(({ what, why }) => { const item = make("li"); item.append(make("b", what), `: ${why}`); $("missing").querySelector("ul").append(item); });
    }
    for (const each of site.mappings) {
      const label = make("label"), radio = make("input", "", { type: "radio", name: "mapping", value: each.key });
      radio.checked = each.key === mapping().key;
      radio.addEventListener("change", () => set({ mapping: each.key }));
      label.append(radio, ` ${each.title}`);
      $("mappings").append(label);
    }
    if (!site.mappings.length) for (const each of document.querySelectorAll("main > .controls, #summary, #groups, #confusion, #all, section:has(> #curve)")) each.hidden = true;
    const list = (runs) => runs.map((run) => [String(run.at), run.name]);
    options($("run-a"), list(app.rated), state.a);
    options($("run-b"), list(app.rated), state.b);
    options($("confusion-run"), list(shownRuns), state.said);
    for (const each of $("sort").options) each.hidden = each.disabled = !app.canSort(each.value);
    options($("confusion-class"), [...[...Array(site.classes).keys()].map((at) => [String(at), site.texts[at]]), [String(site.classes), "background"]], state.there);
    $("blocked").textContent = site.blocked;
    $("footer").textContent = `Made by zgs ${site.version} from finished runs. Pale segments have no class at this threshold; white lines are borders. Arrow keys go along images and, in a picture, along segments. Charts: uPlot (MIT).`;
    listen();
  }
  function listen() {
    $("tau").addEventListener("input", (event) => set({ tau: event.target.value }));
    $("tau-exact").addEventListener("input", (event) => { if (event.target.value === "" || !event.target.reportValidity()) return; set({ tau: event.target.value }); });
    $("tau-own").addEventListener("click", () => set({ tau: "" }));
    for (const [id, key] of [["metric", "metric"], ["digits", "digits"], ["theme", "theme"], ["sort", "sort"], ["paint", "paint"]]) $(id).addEventListener("change", (event) => set({ [key]: event.target.value }));
    for (const [id, key] of [["run-a", "a"], ["run-b", "b"]]) $(id).addEventListener("change", (event) => set(app.chooseRun(key, event.target.value)));
    $("tau-exact").addEventListener("change", (event) => { if (!event.target.validity.valid) { event.target.value = tau() ?? ""; draw(); } }); // what was no cosine goes when it is left
    $("find").addEventListener("input", (event) => set({ find: event.target.value }));
    for (const id of PARTS) $(id).addEventListener("toggle", () => { const open = PARTS.filter((each) => $(each).open).join(); open === state.open ? draw() : set({ open }); });
    for (const [id, key] of [["confusion-run", "said"], ["confusion-class", "there"]]) $(id).addEventListener("change", (event) => set({ [key]: event.target.value }));
    $("provenance").addEventListener("toggle", drawProvenance, { once: true });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    addEventListener("resize", () => setTimeout(drawCurve, 50));
    new ResizeObserver(([entry]) => document.documentElement.style.setProperty("--covered", `${getComputedStyle(entry.target).position === "sticky" ? entry.target.offsetHeight : 0}px`)).observe(document.querySelector(".controls"));
    addEventListener("hashchange", () => {
      const changed = address.take();
      changed.includes("mapping") ? load() : draw();
      if (changed.includes("image")) showImage();
    });
  }
  async function drawProvenance() {
    const box = $("provenance").querySelector("div"), told = await zgs.load("provenance");
    for (const each of told.protocols) {
      const list = make("ul"), part = make("details");
      list.append(...each.words.map((text) => make("li", text)));
      part.append(make("summary", "every setting"), make("pre", each.settings));
      box.append(make("h3", `How ${each.runs.join(", ")} ${each.runs.length > 1 ? "were" : "was"} scored`), list, part);
    }
    for (const run of told.runs) {
      box.append(make("h3", `${run.name} (${run.folder})`));
      for (const [name, text] of [["config.yaml", run.config], ["run.json", JSON.stringify(run.record, null, 1)]]) { const part = make("details"); part.append(make("summary", name), make("pre", text)); box.append(part); }
    }
  }
  function showImage() {
    const at = site.ids.indexOf(state.image), place = zgsGallery.find(at);
    if (at >= 0 && place >= 0) zgsGallery.goTo(place);
  }

  const large = zgsLarge(app, host);
  zgsTables.follow({ read: (id) => state[`${id}-by`], keep: (id, by) => { state[`${id}-by`] = by; address.keep(`${id}-by`); } });
  address.take();
  prepare();
  zgsGallery.start(host);
  await load();
  requestAnimationFrame(() => setTimeout(() => { performance.mark("shown"); document.documentElement.dataset.ready = "yes"; }, 0));
  requestAnimationFrame(() => requestAnimationFrame(showImage));
})();
