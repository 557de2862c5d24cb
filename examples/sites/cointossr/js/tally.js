/** What all flips add up to. Values never change: each flip makes a new tally of the old one. */

import { COINS } from "./coins.js";

export const MEAN = COINS / 2;
export const DEVIATION = Math.sqrt(COINS) / 2;

/** Nothing flipped yet. `counts[heads]` are the flips with that many heads. */
export const NOTHING = Object.freeze({ flips: 0, sum: 0, squares: 0, counts: Object.freeze({}) });

/** The tally after one more flip. Sums are of the distance from MEAN: small, so that they stay exact. */
export function added({ flips, sum, squares, counts }, heads) {
  const off = heads - MEAN;
  return {
    flips: flips + 1,
    sum: sum + off,
    squares: squares + off * off,
    counts: { ...counts, [heads]: (counts[heads] ?? 0) + 1 },
  };
}

export function mean({ flips, sum }) {
  return MEAN + sum / flips;
}

/** Of the sample, so it needs two flips; NaN before. */
export function deviation({ flips, sum, squares }) {
  return Math.sqrt((squares - sum ** 2 / flips) / (flips - 1));
}

/** The fewest and the most heads seen. */
export function range({ counts }) {
  const seen = Object.keys(counts).map(Number);
  return [Math.min(...seen), Math.max(...seen)];
}

/** How many of `flips` should show exactly `heads`: the normal curve, which is the binomial's limit. */
export function expected(flips, heads) {
  const z = (heads - MEAN) / DEVIATION;
  return (flips * Math.exp(-(z * z) / 2)) / (DEVIATION * Math.sqrt(2 * Math.PI));
}
