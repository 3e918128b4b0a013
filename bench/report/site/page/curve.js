// Figures 11 and 12 in the page: the metric over the threshold, exact at 101 places, drawn by uPlot.
"use strict";
window.zgsCurve = function (app) {
  const { site, shownRuns, mapping, metric, tau, slotsOf } = app;
  const { make } = zgsTables, { measure, findPlace } = zgsNumbers, $ = (id) => document.getElementById(id);

  let chart = null, drawn = "";
  function drawCurve() {
    const box = $("curve"), moves = mapping()?.moves && metric();
    box.parentElement.hidden = !moves;
    if (!moves) return;
    const key = [mapping().key, metric().name, box.clientWidth, document.documentElement.dataset.theme, matchMedia("(prefers-color-scheme: dark)").matches].join();
    if (chart && key === drawn) { chart.redraw(false); return; }
    drawn = key;
    chart?.destroy();
    box.replaceChildren();
    const stop = mapping().stop, grid = [...Array(101).keys()].map((at) => Math.round((1e6 * at * stop) / 100) / 1e6);
    const ink = getComputedStyle(document.body).getPropertyValue("--ink"), line = getComputedStyle(document.body).getPropertyValue("--line");
    const legend = make("ul", "", { class: "legend" }), data = [grid], series = [{ label: "τ" }], bands = [];
    shownRuns.forEach(({ name, at }) => {
      const slots = slotsOf(at, metric().name), colour = `rgb(${zgsPaint.chooseColour(at)})`;
      if (!slots) return;
      const spans = site.intervals.filter((each) => each[0] === at && each[1] === mapping().key && each[2] === metric().name).sort((a, b) => a[3] - b[3]);
      data.push(grid.map((x) => 100 * measure(slots, findPlace(x, mapping().rounding, slots.scale)).value));
      series.push({ label: name, stroke: colour, width: 2 });
      const entry = make("li");
      entry.append(make("span", "", { class: "swatch", style: `background:${colour}` }), name);
      legend.append(entry);
      if (spans.length < 2) return;
      for (const end of [4, 5]) { data.push(grid.map((x) => interpolate(spans, x, end))); series.push({ width: 0, points: { show: false } }); }
      bands.push({ series: [data.length - 1, data.length - 2], fill: colour.replace("rgb", "rgba").replace(")", ", 0.13)") });
    });
    const axis = { stroke: ink, grid: { stroke: line }, ticks: { stroke: line } };
    chart = new uPlot({
      width: box.clientWidth, height: 260, scales: { x: { time: false } }, series, bands, cursor: { drag: { x: false, y: false } },
      axes: [{ ...axis, label: `threshold of ${mapping().title}` }, { ...axis, label: `${metric().title} %` }],
      legend: { show: false }, hooks: { draw: [markTau] },
    }, data, box);
    box.append(legend);
    box.setAttribute("aria-label", `Curves of ${metric().title} over the threshold from 0 to ${stop}; their values stand in the table above as the slider moves`);
  }
  function interpolate(spans, x, end) {
    const after = spans.findIndex((each) => each[3] >= x);
    if (after < 0 || (after === 0 && spans[0][3] > x)) return null;
    const [a, b] = [spans[Math.max(0, after - 1)], spans[after]], share = b[3] === a[3] ? 1 : (x - a[3]) / (b[3] - a[3]);
    return 100 * (a[end] + share * (b[end] - a[end]));
  }
  function markTau(plot) {
    if (tau() === null) return;
    const x = plot.valToPos(tau(), "x", true);
    plot.ctx.save();
    plot.ctx.strokeStyle = getComputedStyle(document.body).getPropertyValue("--accent");
    plot.ctx.lineWidth = 2;
    plot.ctx.beginPath();
    plot.ctx.moveTo(x, plot.bbox.top);
    plot.ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
    plot.ctx.stroke();
    plot.ctx.restore();
  }

  return { drawCurve };
};
