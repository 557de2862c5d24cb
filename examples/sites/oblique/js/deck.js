/** The deck: every card once before any card again. Pure, but for the `random` that it is given. */

/** The numbers 1 to `size` in random order; `random(n)` gives a whole number below n. */
export function shuffled(size, random) {
  const order = Array.from({ length: size }, (_, index) => index + 1);
  for (let last = size - 1; last > 0; last--) {
    const other = random(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** The next card and what is left after it; `left` is empty at first and after every round. */
export function draw({ left, shown }, size, random) {
  let rest = left.length ? left : shuffled(size, random);
  if (rest[0] === shown && rest.length > 1) rest = [...rest.slice(1), shown];
  return { shown: rest[0], left: rest.slice(1) };
}

/** The deck after somebody asked for one card: it is not drawn again in this round. */
export function pick({ left }, number) {
  return { shown: number, left: left.filter((other) => other !== number) };
}

/** A stored deck, or a new one if what was stored is not a deck of this size. */
export function restored(text, size) {
  try {
    const { left, shown } = JSON.parse(text);
    const known = (number) => Number.isInteger(number) && number >= 1 && number <= size;
    if (left.every(known) && new Set(left).size === left.length) return { left, shown };
  } catch {
    // Nothing stored, or something else under our key.
  }
  return { left: [], shown: 0 };
}
