/** A thousand fair coins: one random bit each, exactly. */

export const COINS = 1000;

/** A fresh toss: one byte for each eight coins. */
export function toss() {
  return crypto.getRandomValues(new Uint8Array(COINS / 8));
}

/** Whether coin `index` shows heads. */
export function isHeads(coins, index) {
  return ((coins[index >> 3] >> (index & 7)) & 1) === 1;
}

/** How many coins show heads. */
export function countHeads(coins) {
  let heads = 0;
  for (let bits of coins) for (; bits; bits &= bits - 1) heads++;
  return heads;
}
