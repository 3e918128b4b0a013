// Figure 5 in the page: rows of images, of which only those in sight exist; each is painted when it comes into sight.
"use strict";
window.zgsGallery = (function () {
  const { make } = window.zgsTables, { paint, openMap, chooseColour } = window.zgsPaint;
  const GAP = 10, CAPTION = 34, HEAD = 46, SMALLEST = 150, LARGEST = 330, AROUND = 1;
  const rows = new Map(); // image number → its element
  let app, order = [], layout = null, active = -1;

  /** Takes a row away, and lets go of all its pixels at once: browsers keep those of canvases for long. */
  function drop(at, row) {
    row.querySelectorAll("canvas").forEach((canvas) => { canvas.width = canvas.height = 0; });
    row.release?.();
    row.remove();
    rows.delete(at);
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
    for (const row of rows.values()) row.refresh?.();
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
      const at = order[place], row = rows.get(at) || makeRow(at);
      rows.set(at, row);
      row.style.transform = `translateY(${place * layout.step}px)`;
      row.style.height = `${layout.row}px`;
      row.setAttribute("aria-posinset", place + 1);
      row.setAttribute("aria-setsize", order.length);
      if (row.parentNode !== host) before ? before.after(row) : host.prepend(row);
      before = row;
    }
  }

  function makeRow(at) {
    const row = make("article", "", { class: "row", role: "listitem", tabindex: "-1", "data-image": String(at) });
    const head = make("h3"), link = make("a", app.site.ids[at], { href: app.linkTo({ image: app.site.ids[at] }) });
    const note = make("span");
    link.addEventListener("click", () => app.set({ image: app.site.ids[at] }));
    head.append(link, " ", note);
    const panels = make("div", "", { class: "panels" });
    row.append(head, panels);
    window.zgs.loadImage(at).then((image) => fillRow(row, panels, at, image), (error) => panels.append(make("p", error.message, { class: "placeholder" })));
    return row;
  }

  /** Decodes the picture of an image, no larger than it is shown; whoever asks closes it. */
  function decode(picture, wide) {
    const bytes = window.zgsNumbers.unpack({ type: "u1", data: picture.data });
    const smaller = picture.width > wide ? { resizeWidth: Math.round(wide), resizeQuality: "high" } : {};
    return createImageBitmap(new Blob([bytes], { type: picture.type }), smaller);
  }

  function fillRow(row, panels, at, image) {
    if (!row.isConnected) return; // it went out of sight before it came
    const picture = { bitmap: null }, shown = app.panels().map((panel) => makePanel(panel, at, image, picture));
    panels.append(...shown.map((each) => each.figure));
    row.release = () => { picture.bitmap?.close(); picture.bitmap = null; for (const part of [image.over, image.truth, ...image.runs]) if (part) delete part.opened; };
    row.refresh = () => shown.forEach((each) => each.refresh());
    row.refresh();
    if (image.picture) decode(image.picture, layout.wide * Math.min(2, window.devicePixelRatio || 1)).then((bitmap) => { if (row.isConnected) { picture.bitmap = bitmap; row.refresh(); } else bitmap.close(); },
      () => shown.forEach((each) => each.fail("this picture cannot be decoded")));
  }

  /** One picture of a row: canvas, caption, what hovering and keys tell of its segments. */
  function makePanel(panel, at, image, picture, size = layout) {
    const figure = make("figure", "", { style: `width:${size.wide}px` }), caption = make("figcaption");
    const button = make("button", "", { type: "button", class: "picture", style: `height:${size.high}px` });
    const content = panel.read(image), part = content && !content.missing ? content : null;
    const missing = image.missing || (content && content.missing);
    const canvas = make("canvas"), ratio = Math.min(2, window.devicePixelRatio || 1);
    figure.append(caption, button);
    const state = { lit: 0, cells: [], map: part && part.map ? ((part.opened = openMap(part.map))) : null };
    const fail = (why) => { button.replaceChildren(make("span", why, { class: "placeholder" })); };
    if (missing) fail(missing);
    else if (image.size) {
      const fit = Math.min(size.wide / image.size[1], size.high / image.size[0]);
      [canvas.width, canvas.height] = [image.size[1], image.size[0]].map((side) => Math.max(1, Math.round(side * fit * ratio)));
      canvas.style.width = `${canvas.width / ratio}px`;
      button.append(canvas);
    }
    function refresh() {
      const shades = part ? panel.shade(part, at) : [];
      caption.replaceChildren(make("b", panel.title, { title: panel.title }), make("span", panel.note(at, part)));
      button.setAttribute("aria-label", `${app.site.ids[at]}: ${panel.title}. ${missing || panel.tell(part, shades)}`);
      if (!missing && picture.bitmap) state.cells = paint(canvas, picture.bitmap, state.map, shades, state.lit);
      state.shades = shades;
    }
    const point = (event) => {
      const box = canvas.getBoundingClientRect(), x = Math.floor(((event.clientX - box.left) / box.width) * canvas.width), y = Math.floor(((event.clientY - box.top) / box.height) * canvas.height);
      const inside = x >= 0 && y >= 0 && x < canvas.width && y < canvas.height && state.cells.length;
      tell(inside ? state.cells[y * canvas.width + x] : 0, event.clientX, event.clientY);
    };
    function tell(label, x, y) {
      if (label !== state.lit) { state.lit = label < 2 ? 0 : label; refresh(); }
      app.tip(label >= 2 ? panel.explain(part, label - 2, at) : null, x, y);
    }
    if (state.map) {
      canvas.addEventListener("pointermove", point);
      canvas.addEventListener("pointerleave", () => tell(0, 0, 0));
      button.addEventListener("blur", () => tell(0, 0, 0));
      button.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], count = state.shades.length;
        if (!step || !count) return;
        event.preventDefault();
        event.stopPropagation();
        const box = canvas.getBoundingClientRect();
        tell(2 + ((Math.max(state.lit - 2, step > 0 ? -1 : 0) + step + count) % count), box.left + 20, box.bottom - 10);
      });
    }
    if (!missing) button.addEventListener("click", () => app.enlarge(panel, at, image));
    return { figure, refresh, fail };
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
