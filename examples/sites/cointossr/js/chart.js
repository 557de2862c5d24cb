/** The histogram of all flips, with the curve that it should become behind it. */

import { colour, prepared } from "./canvas.js";
import { DEVIATION, MEAN, expected } from "./tally.js";

const SPREAD = 4; // standard deviations to each side; one flip in 16,000 lies outside, at the edge
const [FIRST, LAST] = [Math.floor(MEAN - SPREAD * DEVIATION), Math.ceil(MEAN + SPREAD * DEVIATION)];
const BARS = LAST - FIRST + 1;
const BOTTOM = 28;
const TOP = 12;

export function drawChart(canvas, { flips, counts }, last) {
  const { context, width, height } = prepared(canvas);
  const ink = colour("ink");
  const step = width / BARS;
  const inside = merged(counts);
  const most = Math.max(expected(flips, MEAN) * 1.12, ...Object.values(inside), 1);
  const x = (heads) => (heads - FIRST) * step;
  const y = (count) => height - BOTTOM - (count / most) * (height - BOTTOM - TOP);

  context.fillStyle = colour("curve");
  context.beginPath();
  context.moveTo(0, y(0));
  for (let px = 0; px <= width; px += 2) context.lineTo(px, y(expected(flips || 1, FIRST + px / step - 0.5)));
  context.lineTo(width, y(0));
  context.fill();

  for (const [heads, count] of Object.entries(inside)) {
    context.fillStyle = Number(heads) === last ? colour("accent") : ink;
    context.fillRect(x(heads) + step * 0.1, y(count), Math.max(step * 0.8, 1), y(0) - y(count));
  }
  drawAxis(context, { x: (heads) => x(heads) + step / 2, y: y(0), width, ink });
}

/** What lies beyond the ends is drawn at the ends. */
function merged(counts) {
  const inside = {};
  for (const [heads, count] of Object.entries(counts)) {
    const bar = Math.min(LAST, Math.max(FIRST, Number(heads)));
    inside[bar] = (inside[bar] ?? 0) + count;
  }
  return inside;
}

function drawAxis(context, { x, y, width, ink }) {
  context.fillStyle = ink;
  context.fillRect(0, y, width, 1.5);
  context.font = "500 13px Recursive, ui-monospace, monospace";
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const heads of [450, 475, 500, 525, 550]) {
    context.fillRect(Math.round(x(heads)), y, 1, 6);
    context.fillText(heads, x(heads), y + 10);
  }
}
