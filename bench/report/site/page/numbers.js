// Section 4.3 in the page: numbers at any threshold, from the steps that Python made. Nothing here touches the document.
//
// A slot is one class (or true segment) of one image. Its steps follow each other: numerator `top` and denominator
// `bottom` hold while tau <= `until` (strict: tau < until). What is averaged how is said in bench/score/averages.py;
// sums run in the same order as there.
"use strict";
(function (root) {
  const TYPES = { u1: Uint8Array, u2: Uint16Array, i4: Int32Array, f8: Float64Array };
  const FAINT = 2 ** -40;
  const BY_CLASS = ["classes", "true_classes", "frequencies"];

  /** Decodes base64 into bytes. */
  function decode(encoded) {
    const text = atob(encoded), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  /** Puts columns of little endian numbers in their places: views of the bytes, of which nothing is copied. */
  function placeColumns(value, bytes) {
    if (value === null || typeof value !== "object") return value;
    if ("at" in value && "type" in value) return new TYPES[value.type](bytes.buffer, value.at, value.length);
    for (const key of Object.keys(value)) value[key] = placeColumns(value[key], bytes);
    return value;
  }

  /** Bytes for `length` of them: those of a store, if it has as many, so that nothing is left for the browser to collect. */
  function takeBytes(store, length) {
    if (!store.bytes || store.bytes.length < length) store.bytes = new Uint8Array(8 * Math.ceil(length / 6));
    return store.bytes;
  }

  /** Opens the steps of a metric; `images` is how many images the set has. */
  function openSlots(packed, images) {
    const width = packed.class.reduce((most, each) => Math.max(most, each), 0) + 1;
    return { true: null, ...packed, scale: packed.until.scale, until: packed.until.values, width, images };
  }

  /** A threshold as the scorer compares it: rounded as similarities are, or in their single precision; null: none. */
  function roundTau(tau, rounding) {
    if (tau === null) return -Infinity;
    return rounding === null ? Math.fround(tau) : Math.round(tau * 10 ** rounding) / 10 ** rounding;
  }

  /** The place of a threshold among steps that are kept as whole numbers (millionths) or as they are. */
  function findPlace(tau, rounding, scale) {
    const place = roundTau(tau, rounding);
    return scale === 1 ? place : Math.round(place * scale);
  }

  /** The step of a slot that holds at a place. */
  function findStep(slots, slot, place) {
    const last = slots.starts[slot + 1] - 1;
    let step = slots.starts[slot];
    while (step < last && !(slots.strict ? place < slots.until[step] : place <= slots.until[step])) step++;
    return step;
  }

  /** Adds up the slots that `keep` takes (null: all): by image, or by class for averages over classes. */
  function addUp(slots, place, keep) {
    const byClass = BY_CLASS.includes(slots.average), length = byClass ? slots.width : slots.images;
    const [top, bottom, truth, faintTop, faintBottom] = [0, 1, 2, 3, 4].map(() => new Float64Array(length));
    for (let slot = 0; slot < slots.image.length; slot++) {
      if (keep && !keep(slot)) continue;
      const step = findStep(slots, slot, place), cell = byClass ? slots.class[slot] : slots.image[slot];
      const faint = slots.bottom[step] <= FAINT;
      (faint ? faintTop : top)[cell] += slots.top[step];
      (faint ? faintBottom : bottom)[cell] += slots.bottom[step];
      if (slots.true) truth[cell] += slots.true[step];
    }
    return { top, bottom, truth, faintTop, faintBottom };
  }

  /** The value of a metric at a place, and how many units it is a mean over; NaN of none. */
  function measure(slots, place, keep = null) {
    const sums = addUp(slots, place, keep), { top, bottom, truth } = sums;
    if (slots.average === "frequencies") return weighByPixels(top, bottom, truth);
    if (BY_CLASS.includes(slots.average)) return averageClasses(slots, sums);
    if (slots.average === "images") return averageRatios([...top.keys()].filter((at) => bottom[at] > 0).map((at) => top[at] / bottom[at]));
    const whole = sum(bottom);
    return { value: whole > 0 ? sum(top) / whole : NaN, n: whole };
  }

  /** Mean over classes; one without pixels of its own counts as a policy says, or not at all (`_choose_classes`). */
  function averageClasses(slots, { top, bottom, truth, faintTop, faintBottom }) {
    const ratios = [];
    for (let at = 0; at < slots.width; at++) {
      const cell = (at + 1) % slots.width; // background, class 0 here, stands last
      if (bottom[cell] === 0 && faintBottom[cell] > 0) ratios.push(faintTop[cell] / faintBottom[cell]);
      else if (bottom[cell] > 0 && (!slots.true || truth[cell] > 0)) ratios.push(top[cell] / bottom[cell]);
    }
    return averageRatios(ratios);
  }

  function averageRatios(ratios) {
    return { value: ratios.length ? sum(ratios) / ratios.length : NaN, n: ratios.length };
  }

  /** Mean of I / U over classes by their true pixels. */
  function weighByPixels(top, bottom, truth) {
    let value = 0, whole = 0;
    for (let at = 0; at < top.length; at++) {
      if (bottom[at] > FAINT) value += truth[at] * (top[at] / bottom[at]);
      whole += truth[at];
    }
    return { value: whole > 0 ? value / whole : NaN, n: whole };
  }

  function sum(values) {
    let total = 0;
    for (const value of values) total += value;
    return total;
  }

  /** The number of every image alone; NaN where nothing was measurable. */
  function measureEach(slots, place) {
    const values = new Float64Array(slots.images).fill(NaN);
    const byClass = BY_CLASS.includes(slots.average);
    for (let begin = 0, end; begin < slots.image.length; begin = end) {
      let top = 0, bottom = 0;
      for (end = begin; end < slots.image.length && slots.image[end] === slots.image[begin]; end++) {
        const step = findStep(slots, end, place);
        const n = slots.top[step], d = slots.bottom[step];
        if (!byClass) { top += n; bottom += d; } else if (d > FAINT) { top += n / d; bottom += 1; }
      }
      if (bottom > 0) values[slots.image[begin]] = top / bottom;
    }
    return values;
  }

  /** Whether the label of a segment stands at a threshold: its similarity reaches it. */
  function reaches(best, at, tau, rounding) {
    return findPlace(tau, rounding, best.scale) <= best.values[at];
  }

  const numbers = { decode, placeColumns, takeBytes, openSlots, roundTau, findPlace, measure, measureEach, reaches };
  root.zgsNumbers = numbers;
  if (typeof module !== "undefined") module.exports = numbers;
})(typeof window === "undefined" ? globalThis : window);
