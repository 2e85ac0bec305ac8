// Charts as SVG: columns or a line over periods, gaps where there is no value, open marks where it is provisional.
// The chart is one tab stop; arrow keys and a finger move a cursor whose value is said below it.

import { el, svg } from "./dom.js";
import { number } from "./text.js";

const LEFT = 52;
const RIGHT = 14;
const TOP = 14;
const BOTTOM = 30;
const HEIGHT = 260;
const LINE_ABOVE = 120; // more columns than this are too thin to see
const MARKS_BELOW = 90;

function niceStep(range, count) {
  const raw = range / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) * power;
}

function scale(values, floor) {
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (floor !== undefined) low = Math.min(low, floor);
  if (low === high) { high += Math.abs(high) * 0.1 || 1; if (floor === undefined) low -= Math.abs(low) * 0.1 || 1; }
  const step = niceStep(high - low, 4);
  low = Math.floor(low / step) * step;
  high = Math.ceil(high / step) * step;
  const ticks = [];
  for (let index = 0; low + index * step <= high + step / 2; index += 1) ticks.push(low + index * step);
  return { low, high, ticks };
}

/**
 * Draw `points` [{label, value|null, open, band}] into `place`.
 *
 * Options: title (what it is, for those who hear the page), summary (the same as words, always visible), describe(point)
 * (the readout), limit {value, label}, floor (the axis holds this value), empty (text when nothing is there),
 * tick (writes a number of the axis).
 */
export function drawChart(place, points, { title, summary, describe, limit, floor, empty, tick = number }) {
  const figure = el("figure", { class: "chart" });
  const readout = el("output", { class: "readout" });
  const width = Math.max(Math.min(place.clientWidth - 22, 1300), 280);
  const canvas = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", tabindex: "0", "aria-label": `${title}. ${summary}` });
  figure.append(canvas, readout, el("figcaption", {}, summary));
  place.replaceChildren(figure);
  const known = points.filter((point) => point.value !== null && point.value !== undefined);
  if (known.length === 0) {
    canvas.append(svg("text", { class: "void", x: width / 2, y: HEIGHT / 2, "text-anchor": "middle" }, empty));
    return;
  }
  const values = known.map((point) => point.value);
  if (limit) values.push(limit.value);
  const axis = scale(values, floor);
  const slot = (width - LEFT - RIGHT) / points.length;
  const x = (index) => LEFT + slot * (index + 0.5);
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - axis.low) / (axis.high - axis.low));
  drawAxes(canvas, points, { axis, x, y, width, tick });
  if (points.length > LINE_ABOVE || floor === undefined) drawLine(canvas, points, { x, y });
  else drawColumns(canvas, points, { x, y, slot, base: y(Math.max(axis.low, 0)) });
  if (limit) drawLimit(canvas, limit, { y, width });
  wireCursor(canvas, readout, points, { x, slot, describe });
}

function drawAxes(canvas, points, { axis, x, y, width, tick: write }) {
  for (const tick of axis.ticks) {
    canvas.append(
      svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "axis", x: LEFT - 7, y: y(tick) + 4, "text-anchor": "end" }, write(tick)),
    );
  }
  const widest = Math.max(...points.map((point) => point.label.length)) * 7.5 + 14;
  const every = Math.max(1, Math.ceil(widest / ((width - LEFT - RIGHT) / points.length)));
  // Counted from the end: the newest period always has its label.
  for (let index = points.length - 1; index >= 0; index -= every) {
    const last = index === points.length - 1 && points.length > 1;
    canvas.append(svg("text", {
      class: "axis", x: last ? Math.min(x(index) + widest / 2 - 7, width - 2) : x(index), y: HEIGHT - 9, "text-anchor": last ? "end" : "middle",
    }, points[index].label));
  }
}

function drawColumns(canvas, points, { x, y, slot, base }) {
  const width = Math.min(Math.max(slot * 0.82, 1.5), 90);
  points.forEach((point, index) => {
    if (point.value === null || point.value === undefined) return;
    const top = Math.min(y(point.value), base);
    canvas.append(svg("rect", {
      class: `bar${point.band ? ` b${point.band}` : ""}${point.open ? " open" : ""}`,
      x: x(index) - width / 2, width, y: top, height: Math.max(Math.abs(base - y(point.value)), 1.5),
    }));
  });
}

function drawLine(canvas, points, { x, y }) {
  let path = "";
  let drawing = false;
  points.forEach((point, index) => {
    const missing = point.value === null || point.value === undefined;
    if (!missing) path += `${drawing ? "L" : "M"}${x(index).toFixed(1)} ${y(point.value).toFixed(1)}`;
    drawing = !missing;
  });
  canvas.append(svg("path", { class: "line", d: path }));
  points.forEach((point, index) => {
    if (point.value === null || point.value === undefined) return;
    const gap = (other) => points[other]?.value === null || points[other]?.value === undefined;
    // A value between two gaps has no line: its mark is all there is of it.
    if (points.length > MARKS_BELOW && !point.open && !(gap(index - 1) && gap(index + 1))) return;
    canvas.append(svg("circle", { class: `mark${point.open ? " open" : ""}`, cx: x(index), cy: y(point.value), r: 3.5 }));
  });
}

function drawLimit(canvas, limit, { y, width }) {
  const at = y(limit.value);
  canvas.append(
    svg("line", { class: "limit", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }),
    svg("text", { class: "limit-text", x: LEFT + 6, y: at - 5 < 14 ? at + 15 : at - 5 }, limit.label),
  );
}

function wireCursor(canvas, readout, points, { x, slot, describe }) {
  const cursor = svg("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
  canvas.append(cursor);
  let at = points.length - 1;
  while (at > 0 && points[at].value === null) at -= 1;
  const go = (index) => {
    at = Math.min(Math.max(index, 0), points.length - 1);
    cursor.setAttribute("x1", x(at));
    cursor.setAttribute("x2", x(at));
    cursor.setAttribute("visibility", "visible");
    readout.textContent = describe(points[at]);
  };
  readout.textContent = describe(points[at]);
  const follow = (event) => {
    const box = canvas.getBoundingClientRect();
    const position = ((event.clientX - box.left) / box.width) * canvas.viewBox.baseVal.width;
    go(Math.floor((position - LEFT) / slot));
  };
  canvas.addEventListener("pointermove", follow);
  canvas.addEventListener("pointerdown", follow);
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: points.length - 1 }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    go(move);
  });
}
