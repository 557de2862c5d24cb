/** The drawing on a card: one way of drawing for each suit, one drawing for each number. */

const SIZE = 240;
const drawings = [rising, seeing, slicing, turning, asking, ending];

/** The inner SVG of card `number` of suit `suit`, in a square of 240. */
export function figure(suit, number) {
  return drawings[suit](randomFrom(number * 7919 + suit));
}

/** A repeatable random source (mulberry32): `pick(a, b)` is a whole number from a to b. */
function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return (from, to) => from + Math.floor(next() * (to - from + 1));
}

const times = (count, drawn) => Array.from({ length: count }, (_, index) => drawn(index)).join("");
const circle = (x, y, r, kind) => `<circle cx="${x}" cy="${y}" r="${r}" class="${kind}"/>`;
const path = (d, kind) => `<path d="${d}" class="${kind}"/>`;

/** Begin: a sun over a striped horizon. */
function rising(pick) {
  const [x, horizon, rings] = [pick(70, 170), pick(130, 180), pick(2, 5)];
  const sun = times(rings, (ring) => circle(x, horizon, 92 - (ring * 84) / rings, ring % 2 ? "paper" : "one"));
  const rows = Math.ceil((SIZE - horizon) / 18);
  const sea = times(rows, (row) => path(`M0 ${horizon + row * 18}h240v${6 + row * 2}h-240z`, "two"));
  return sun + path(`M0 ${horizon}h240v240h-240z`, "paper") + sea;
}

/** Look: an eye, or several. */
function seeing(pick) {
  const rows = pick(1, 3);
  const [width, height] = [SIZE / rows, SIZE / rows];
  return times(rows * rows, (index) => {
    const [x, y] = [(index % rows) * width, Math.floor(index / rows) * height];
    const [middle, half] = [y + height / 2, height * (pick(24, 38) / 100)];
    const lid = `M${x} ${middle}q${width / 2} ${-half * 2} ${width} 0q${-width / 2} ${half * 2} ${-width} 0z`;
    const glance = x + width * (pick(38, 62) / 100);
    return path(lid, "one") + circle(glance, middle, half * 0.72, "paper") + circle(glance, middle, half * 0.42, "two");
  });
}

/** Cut: a disc in oblique slices that have slipped. */
function slicing(pick) {
  const [slices, slip] = [pick(4, 9), pick(10, 26)];
  const height = 200 / slices;
  return times(slices, (slice) => {
    const [top, bottom] = [slice * height - 100, (slice + 1) * height - 102];
    const half = (y) => Math.sqrt(Math.max(0, 100 ** 2 - y ** 2));
    const x = 120 + (slice % 2 ? slip : -slip) / 2;
    const [a, b] = [half(top), half(bottom)];
    const d = `M${x - a} ${120 + top}H${x + a}A100 100 0 0 1 ${x + b} ${120 + bottom}H${x - b}A100 100 0 0 1 ${x - a} ${120 + top}z`;
    return path(d, pick(0, 3) ? "one" : "two");
  });
}

/** Turn: a field of quarter circles, each turned at random. */
function turning(pick) {
  const side = SIZE / pick(3, 5);
  const count = Math.round(SIZE / side);
  return times(count * count, (index) => {
    const [x, y, turn] = [(index % count) * side, Math.floor(index / count) * side, pick(0, 3) * 90];
    const quarter = `M0 0h${side}a${side} ${side} 0 0 1 ${-side} ${side}z`;
    const middle = `rotate(${turn} ${side / 2} ${side / 2})`;
    return `<g transform="translate(${x} ${y}) ${middle}">${path(quarter, pick(0, 2) ? "one" : "two")}</g>`;
  });
}

/** Ask: waves, and one dot that asks. */
function asking(pick) {
  const [lines, high, long] = [pick(6, 9), pick(8, 22), pick(2, 4)];
  const step = SIZE / lines;
  const waves = times(lines, (line) => {
    const half = SIZE / long / 2;
    const y = step * (line + 0.5);
    const d = `M-10 ${y}q${half / 2} ${-high} ${half} 0` + times(long * 2, () => `t${half} 0`);
    return path(d, "line");
  });
  const [x, y] = [pick(60, 180), pick(60, 180)];
  return waves + circle(x, y, 44, "paper") + circle(x, y, 32, "two");
}

/** End: oblique bars that run out. */
function ending(pick) {
  const bars = pick(5, 11);
  const step = SIZE / bars;
  const dot = pick(1, bars - 2);
  return times(bars, (bar) => {
    const height = (SIZE - 20) * (1 - bar / bars) ** (pick(6, 13) / 10);
    const [x, y] = [bar * step, SIZE - height];
    const d = `M${x} ${SIZE}V${y}l${step * 0.62} ${-step * 0.34}V${SIZE}z`;
    return path(d, bar === dot ? "two" : "one");
  });
}
