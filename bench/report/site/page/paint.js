// Figures 1 and 5 in the page: a picture under its segments, painted at the size at which it is looked at.
"use strict";
(function (root) {
  const GOLDEN = 0.6180339887;
  const TONES = [[0.5, 0.9], [0.38, 0.75], [0.64, 0.85], [0.45, 0.6], [0.72, 0.7]];
  const WHITE = [255, 255, 255], PALE = [236, 238, 241];
  const GRID = 56;
  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", "DejaVu Sans", sans-serif';
  const colours = new Map(), widths = new Map();
  const scratch = { cells: {}, small: {}, depth: {} }; // used again by every picture

  /** The colour of a position: hues by the golden ratio, so that any first few are far apart. */
  function chooseColour(position) {
    if (!colours.has(position)) {
      const [lightness, saturation] = TONES[position % TONES.length];
      colours.set(position, toRgb((0.58 + position * GOLDEN) % 1, lightness, saturation));
    }
    return colours.get(position);
  }

  function toRgb(hue, lightness, saturation) {
    const reach = saturation * Math.min(lightness, 1 - lightness);
    return [0, 8, 4].map((shift) => {
      const k = (shift + hue * 12) % 12;
      return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
    });
  }

  /** Opens a label map: where each of its runs ends, and what it is of (0 void, 1 no segment, 2 the first segment). */
  function openMap(encoded, store) {
    const { runs, of } = encoded, ends = new Uint32Array(root.zgsNumbers.takeBytes(store, 4 * runs.length).buffer, 0, runs.length);
    for (let run = 0, end = 0; run < runs.length; run++) ends[run] = end += runs[run];
    return { ends, of, height: encoded.size[0], width: encoded.size[1] };
  }

  /** The label of a map at a place of its picture, from 0 to 1 in both directions, as it is painted on a canvas. */
  function findLabel(map, right, down, { width, height }) {
    const x = Math.floor(right * width), y = Math.floor(down * height);
    if (x < 0 || y < 0 || x >= width || y >= height) return 0;
    const place = Math.floor(((y + 0.5) * map.height) / height) * map.width + Math.floor(((x + 0.5) * map.width) / width);
    return map.of[map.ends.findIndex((end) => end > place)];
  }

  /** Paints a picture and, over it, segments: `shades[label - 2]` is {rgb, text, faded}; `lit` is the label in front. */
  let layer = null;
  const over = document.createElement("canvas"); // one for all pictures: what is painted lies over the picture only once
  function paint(canvas, picture, map, shades, lit) {
    const context = canvas.getContext("2d"), { width, height } = canvas;
    context.imageSmoothingEnabled = picture.width > 256 || picture.width > width;
    context.drawImage(picture, 0, 0, width, height);
    if (!map) return;
    const cells = resize(map, height, width, scratch.cells);
    if (!layer || layer.width !== width || layer.height !== height) layer = new ImageData(width, height);
    const pixels = layer.data;
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const label = cells[at], edge = (x && cells[at - 1] !== label) || (y && cells[at - width] !== label);
        const shade = shades[label - 2];
        const rgb = edge ? WHITE : label < 2 || !shade || shade.faded ? PALE : shade.rgb;
        const alpha = edge ? 235 : label === 0 ? 217 : label === 1 ? 184 : shade && shade.faded ? 150 : 128;
        pixels[4 * at] = rgb[0];
        pixels[4 * at + 1] = rgb[1];
        pixels[4 * at + 2] = rgb[2];
        pixels[4 * at + 3] = lit && label !== lit && !edge ? Math.min(230, alpha + 60) : alpha;
      }
    }
    if (over.width !== width || over.height !== height) [over.width, over.height] = [width, height];
    over.getContext("2d").putImageData(layer, 0, 0);
    context.drawImage(over, 0, 0);
    write(context, map, shades, width, height);
  }

  /** Labels at another size by the nearest pixel, run by run: the whole map is never laid out. */
  function resize(map, height, width, store) {
    const type = map.of.constructor, bytes = root.zgsNumbers.takeBytes(store, height * width * type.BYTES_PER_ELEMENT);
    const cells = new type(bytes.buffer, 0, height * width);
    for (let y = 0, at = 0, run = 0; y < height; y++) {
      const row = Math.floor(((y + 0.5) * map.height) / height) * map.width;
      while (map.ends[run] <= row) run++;
      for (let x = 0, here = run; x < width; x++, at++) {
        const place = row + Math.floor(((x + 0.5) * map.width) / width);
        while (map.ends[here] <= place) here++;
        cells[at] = map.of[here];
      }
    }
    return cells;
  }

  /** Writes the text of each segment where it has most room, large segments first, none over another. */
  function write(context, map, shades, width, height) {
    const ratio = root.devicePixelRatio || 1, size = Math.round(Math.max(10, Math.min(13, width / ratio / 17)) * ratio);
    context.font = `600 ${size}px ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const small = resize(map, Math.min(GRID, map.height), Math.min(GRID, map.width), scratch.small);
    const rows = Math.min(GRID, map.height), columns = Math.min(GRID, map.width), taken = [];
    const areas = new Map();
    for (let at = 0; at < small.length; at++) areas.set(small[at], (areas.get(small[at]) || 0) + 1);
    for (const [label] of [...areas].sort((a, b) => b[1] - a[1])) {
      const shade = shades[label - 2];
      if (label < 2 || !shade || !shade.text || shade.faded) continue;
      const text = fit(context, shade.text, width - 6);
      const half = [measureText(context, text) / 2 + 2, size * 0.62];
      const [y, x] = findRoom(small, label, rows, columns);
      const at = [clamp((x / columns) * width, half[0], width - half[0]), clamp((y / rows) * height, half[1], height - half[1])];
      const box = [at[0] - half[0], at[1] - half[1], at[0] + half[0], at[1] + half[1]];
      if (taken.some((o) => box[0] < o[2] && o[0] < box[2] && box[1] < o[3] && o[1] < box[3])) continue;
      taken.push(box);
      context.lineWidth = Math.max(2, size / 4);
      context.strokeStyle = "#14141c";
      context.strokeText(text, at[0], at[1]);
      context.fillStyle = "#fff";
      context.fillText(text, at[0], at[1]);
    }
  }

  /** The width of a text in the context's font. Most are asked for again, and each answer of a browser is garbage. */
  function measureText(context, text) {
    const key = `${context.font}|${text}`;
    if (widths.size > 4000) widths.clear();
    if (!widths.has(key)) widths.set(key, context.measureText(text).width);
    return widths.get(key);
  }

  function fit(context, text, room) {
    if (measureText(context, text) <= room) return text;
    const letters = [...text];
    while (letters.length > 1 && measureText(context, letters.join("") + "…") > room) letters.pop();
    return letters.join("").trimEnd() + "…";
  }

  /** The place of a segment that is farthest from its border, by distances in steps of a coarse grid. */
  function findRoom(cells, label, rows, columns) {
    const wide = columns + 2, length = (rows + 2) * wide, depth = new Float32Array(root.zgsNumbers.takeBytes(scratch.depth, 4 * length).buffer, 0, length).fill(0);
    const each = (forward) => {
      for (let i = 0; i < rows * columns; i++) {
        const at = forward ? i : rows * columns - 1 - i, y = Math.floor(at / columns) + 1, x = (at % columns) + 1, here = y * wide + x;
        if (cells[at] !== label) continue;
        const step = forward ? -1 : 1, near = Math.min(depth[here + step * wide] + 1, depth[here + step] + 0.5); // texts are wide: room at the sides counts less
        depth[here] = forward ? near : Math.min(depth[here], near);
      }
    };
    each(true);
    each(false);
    let best = 0; // a loop: `reduce` over a typed array makes an object of each of its numbers
    for (let at = 0; at < length; at++) if (depth[at] > depth[best]) best = at;
    return [Math.floor(best / wide) - 0.5, (best % wide) - 0.5];
  }

  function clamp(value, low, high) {
    return Math.max(low, Math.min(value, Math.max(low, high)));
  }

  root.zgsPaint = { chooseColour, openMap, findLabel, paint };
})(window);
