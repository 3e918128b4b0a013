// One picture by itself, large, with all that is known of its segments; its neighbours are one key away.
"use strict";
window.zgsLarge = function (app, host) {
  const { site, state, set } = app, { make } = zgsTables, $ = (id) => document.getElementById(id);
  const dialog = $("large");
  let drawn = "", turn = 0, bitmap = null;

  /** Shows what the address says, or nothing. */
  async function show() {
    const panels = host.panels(), at = state.large === "" ? -1 : site.ids.indexOf(state.image), panel = panels[Number(state.large)];
    if (at < 0 || at >= site.shown || !panel) return close();
    const key = [at, state.large, state.paint, app.mapping()?.key, app.metric()?.name, app.tau(), app.segments.filter(Boolean).length, innerWidth, innerHeight].join(), mine = ++turn;
    if (dialog.open && key === drawn) return;
    const image = await window.zgs.loadImage(at).catch((error) => ({ missing: error.message }));
    const [high, wide] = image.size || [3, 4], room = Math.min(720, innerWidth * 0.96 - 40), height = Math.min(innerHeight * 0.62, (room * high) / wide), width = Math.min(room, (height * wide) / high);
    const decoded = image.picture ? await zgsGallery.decode(image.picture, width * (window.devicePixelRatio || 1)).catch(() => null) : null;
    if (mine !== turn) return decoded?.close();
    bitmap?.close();
    [drawn, bitmap] = [key, decoded];
    draw(panel, at, image, { wide: width, high: height });
    if (!dialog.open) dialog.showModal();
  }

  function draw(panel, at, image, size) {
    const large = zgsGallery.makePanel(panel, size), body = $("large-body");
    $("large-title").textContent = `${site.ids[at]} · ${panel.title}`;
    body.replaceChildren(large.figure);
    large.set(at, image, { bitmap });
    if (image.picture && !bitmap) large.fail(`data/${image.picture.file} is not in this folder, or is no picture`);
    const part = panel.read(image), list = make("ul");
    for (let s = 0; s < (part?.texts?.length || 0); s++) {
      const told = panel.explain(part, s, at), shade = panel.shade(part, at)[s], item = make("li");
      item.append(make("span", "", { class: "swatch", style: `background:rgb(${shade.faded ? [150, 150, 150] : shade.rgb})` }), make("b", told.title), ` ${told.lines.join("; ")}`);
      list.append(item);
    }
    if (part?.texts) body.append(list);
    nameNeighbours();
  }

  /** Names the pictures to the left and to the right of this one in its row. */
  function nameNeighbours() {
    for (const [id, step] of [["large-before", -1], ["large-after", 1]]) {
      const panel = host.panels()[Number(state.large) + step];
      $(id).disabled = !panel;
      $(id).textContent = panel ? (step < 0 ? `‹ ${panel.title}` : `${panel.title} ›`) : step < 0 ? "‹" : "›";
    }
  }

  function close() {
    turn++;
    drawn = "";
    bitmap?.close();
    bitmap = null;
    if (dialog.open) dialog.close();
    $("large-body").replaceChildren();
  }

  const go = (step) => host.panels()[Number(state.large) + step] && set({ large: String(Number(state.large) + step) });
  $("large-before").addEventListener("click", () => go(-1));
  $("large-after").addEventListener("click", () => go(1));
  dialog.addEventListener("close", () => state.large !== "" && set({ large: "" }));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  dialog.addEventListener("keydown", (event) => {
    const step = { PageUp: -1, PageDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    go(step);
  });
  return { show };
};
