// Figure 5 in the page: rows of images, of which only those in sight exist; each is painted when it comes into sight.
"use strict";
window.zgsGallery = (function () {
  const { make } = window.zgsTables, { paint, openMap, findLabel, chooseColour } = window.zgsPaint;
  const GAP = 10, CAPTION = 34, HEAD = 46, SMALLEST = 150, LARGEST = 330, AROUND = 1, SPARE = 2;
  const rows = new Map(), free = []; // image number → its element; elements that wait for the next image
  let app, order = [], layout = null, active = -1;

  /** Takes a row away from its image; the next image that comes into sight has it where it stands: a new one, or one
   * that leaves the page and comes back, would be garbage. */
  function drop(at, row) {
    row.leave();
    rows.delete(at);
    free.push(row);
  }

  /** Keeps `most` of the rows that wait, and lets go of the pixels of others at once: browsers keep them for long. */
  function trim(most) {
    for (const row of free) row.remove();
    for (const row of free.splice(most)) row.querySelectorAll("canvas").forEach((canvas) => { canvas.width = canvas.height = 0; });
  }

  function start(host) {
    app = host;
    addEventListener("scroll", schedule, { passive: true });
    let wide = document.getElementById("rows").clientWidth;
    new ResizeObserver(([entry]) => {
      if (entry.target.clientWidth === wide) return; // only its height has changed, by the number of rows
      wide = entry.target.clientWidth;
      layout = null;
      for (const [at, row] of [...rows]) drop(at, row);
      trim(0); // the next ones have another size
      schedule();
    }).observe(document.getElementById("rows"));
    document.getElementById("rows").addEventListener("keydown", onKey);
  }

  /** Shows these images (numbers) in this order; rows that stay are kept and painted anew. */
  function show(numbers) {
    order = numbers;
    schedule();
    const kept = new Set(order);
    for (const [at, row] of [...rows]) if (!kept.has(at)) drop(at, row);
    for (const row of rows.values()) row.refresh();
  }

  let waiting = false;
  function schedule() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; arrange(); });
  }

  /** How wide and high panels and rows are, from the width that there is: the same for all rows. */
  function measure(host) {
    const count = app.panels().length, width = host.clientWidth - 26;
    const columns = Math.min(count, Math.max(2, Math.floor((width + GAP) / (SMALLEST + GAP))));
    const wide = Math.min(LARGEST, Math.floor((width - (columns - 1) * GAP) / columns)), high = Math.round(wide * Math.max(0.5, Math.min(1, app.site.aspect)));
    return { wide, high, row: HEAD + Math.ceil(count / columns) * (high + CAPTION + GAP), step: HEAD + Math.ceil(count / columns) * (high + CAPTION + GAP) + 12 };
  }

  function arrange() {
    const host = document.getElementById("rows");
    layout = layout || measure(host);
    host.style.height = `${order.length * layout.step}px`;
    const top = host.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / layout.step) - AROUND), last = Math.min(order.length - 1, Math.floor((innerHeight - top) / layout.step) + AROUND);
    const inSight = new Set(order.slice(first, last + 1));
    const held = document.activeElement?.closest?.(".row");
    for (const [at, row] of [...rows]) if (!inSight.has(at) && row !== held) drop(at, row);
    let before = null;
    for (let place = first; place <= last; place++) {
      const at = order[place], row = rows.get(at) || free.shift() || makeRow();
      if (rows.get(at) !== row) row.take(at);
      rows.set(at, row);
      row.style.transform = `translateY(${place * layout.step}px)`;
      row.style.height = `${layout.row}px`;
      row.setAttribute("aria-posinset", place + 1);
      row.setAttribute("aria-setsize", order.length);
      if ((before ? before.nextSibling : host.firstChild) !== row) before ? before.after(row) : host.prepend(row);
      before = row;
    }
    trim(SPARE);
  }

  /** Makes a row, which takes one image after another. */
  function makeRow() {
    const row = make("article", "", { class: "row", role: "listitem", tabindex: "-1" });
    const head = make("h3"), link = make("a"), note = make("span"), body = make("div", "", { class: "panels" });
    const panels = app.panels().map((panel) => makePanel(panel)), figures = panels.map((each) => each.figure);
    const picture = { bitmap: null };
    let turn = 0; // counts images: what comes late is for an earlier one
    link.addEventListener("click", (event) => { if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return; event.preventDefault(); app.openImage(Number(row.dataset.image)); });
    head.append(link, " ", note);
    row.append(head, body);
    row.refresh = () => { tell(); panels.forEach((each) => each.refresh()); };
    /** What a choice changes beside the pictures: the link that holds it, and the numbers of the image. */
    function tell() {
      link.href = app.linkTo({ image: link.textContent, large: "" });
      note.textContent = app.note(Number(row.dataset.image));
    }
    row.leave = () => {
      turn++;
      picture.bitmap?.close();
      picture.bitmap = null;
      panels.forEach((each) => each.leave());
      body.style.visibility = "hidden";
    };
    row.take = (at) => {
      const mine = ++turn;
      row.dataset.image = String(at);
      row.setAttribute("aria-busy", "true"); // until it is painted
      link.textContent = app.site.ids[at];
      tell();
      window.zgs.loadImage(at).then((image) => mine === turn && fill(mine, at, image), (error) => mine === turn && explain(error.message));
    };
    const rest = () => row.removeAttribute("aria-busy");
    function explain(why) {
      rest();
      body.replaceChildren(make("p", why, { class: "placeholder" }));
      body.style.visibility = "";
    }
    function fill(mine, at, image) {
      panels.forEach((each) => each.set(at, image, picture));
      if (body.firstChild !== figures[0]) body.replaceChildren(...figures);
      body.style.visibility = "";
      if (!image.picture) return rest();
      decode(image.picture, layout.wide * Math.min(2, window.devicePixelRatio || 1)).then((bitmap) => {
        if (mine !== turn) return bitmap.close();
        picture.bitmap = bitmap;
        row.refresh();
        rest();
      }, () => {
        if (mine !== turn) return;
        panels.forEach((each) => each.fail(`data/${image.picture.file} is not in this folder, or is no picture`));
        rest();
      });
    }
    return row;
  }

  /** Decodes the picture of an image, no larger than it is shown; whoever asks closes it. */
  async function decode(picture, wide) {
    const image = new Image();
    await new Promise((resolve, reject) => { [image.onload, image.onerror, image.src] = [resolve, reject, `data/${picture.file}`]; });
    const smaller = picture.width > wide ? { resizeWidth: Math.round(wide), resizeQuality: "high" } : {};
    try { return await createImageBitmap(image, smaller); } finally { image.removeAttribute("src"); } // its pixels go at once
  }

  /** One picture of a row: canvas, caption, what hovering and keys tell of its segments; `set` gives it an image. */
  function makePanel(panel, size = layout) {
    const figure = make("figure", "", { style: `width:${size.wide}px` }), caption = make("figcaption"), note = make("span");
    const button = make("button", "", { type: "button", class: "picture", style: `height:${size.high}px` });
    const canvas = make("canvas"), ratio = Math.min(2, window.devicePixelRatio || 1), store = {};
    let at = -1, image = null, picture = null, part = null, map = null, missing = "", lit = 0, shades = [];
    caption.append(make("b", panel.title, { title: panel.title }), note);
    figure.append(caption, button);
    const fail = (why) => { button.replaceChildren(make("span", why, { class: "placeholder" })); };
    function set(...given) {
      [at, image, picture] = given;
      const content = panel.read(image);
      part = content && !content.missing ? content : null;
      missing = image.missing || (content && content.missing) || "";
      map = part && part.map ? openMap(part.map, store) : null;
      if (missing) fail(missing);
      else if (image.size) {
        const fit = Math.min(size.wide / image.size[1], size.high / image.size[0]);
        const [wide, high] = [image.size[1], image.size[0]].map((side) => Math.max(1, Math.round(side * fit * ratio)));
        if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
        else canvas.getContext("2d").clearRect(0, 0, wide, high);
        canvas.style.width = `${wide / ratio}px`;
        if (button.firstChild !== canvas) button.replaceChildren(canvas);
      } else button.replaceChildren();
      refresh();
    }
    function leave() {
      image = picture = part = map = null;
      [lit, shades] = [0, []];
    }
    function refresh() {
      if (!image) return;
      shades = part ? panel.shade(part, at) : [];
      note.textContent = panel.note(at, part);
      button.setAttribute("aria-label", `${app.site.ids[at]}: ${panel.title}. ${missing || panel.tell(part, shades, map)}`);
      if (!missing && picture.bitmap) paint(canvas, picture.bitmap, map, shades, lit);
    }
    function tell(label, x, y) {
      if (label !== lit) { lit = label < 2 ? 0 : label; refresh(); }
      app.tip(label >= 2 ? panel.explain(part, label - 2, at) : null, x, y);
    }
    canvas.addEventListener("pointermove", (event) => {
      if (!map) return;
      const box = canvas.getBoundingClientRect();
      tell(findLabel(map, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, canvas), event.clientX, event.clientY);
    });
    canvas.addEventListener("pointerleave", () => map && tell(0, 0, 0));
    button.addEventListener("blur", () => map && tell(0, 0, 0));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], count = shades.length;
      if (!map || !step || !count) return;
      event.preventDefault();
      event.stopPropagation();
      const box = canvas.getBoundingClientRect();
      tell(2 + ((Math.max(lit - 2, step > 0 ? -1 : 0) + step + count) % count), box.left + 20, box.bottom - 10);
    });
    button.addEventListener("click", () => image && !missing && app.enlarge(panel, at));
    return { figure, set, leave, refresh, fail };
  }

  /** Up and down go from image to image, Home and End to the first and last. */
  function onKey(event) {
    const place = order.indexOf(Number(event.target.closest(".row")?.dataset.image));
    const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: order.length - 1 }[event.key];
    if (place < 0 || next === undefined) return;
    event.preventDefault();
    goTo(Math.max(0, Math.min(next, order.length - 1)));
  }

  function goTo(place, focus = true) {
    const host = document.getElementById("rows");
    layout = layout || measure(host);
    active = order[place];
    const bar = document.querySelector(".controls"), covered = getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
    scrollTo({ top: host.getBoundingClientRect().top + scrollY + place * layout.step - covered - 8 });
    arrange();
    if (focus) rows.get(active)?.focus({ preventScroll: true });
  }

  return { start, show, goTo, makePanel, decode, find: (at) => order.indexOf(at), colour: chooseColour };
})();
