/** The thousand coins of one flip, each as a disc: heads shine, tails lie face down. */

import { colour, prepared } from "./canvas.js";
import { COINS, isHeads } from "./coins.js";

/** `turned` from 0 to 1: how far the coins have fallen; they settle from left to right. */
export function drawTray(canvas, coins, turned = 1) {
  const { context, width, height } = prepared(canvas);
  const columns = width > 5 * height ? 100 : width > 2 * height ? 50 : 40;
  const rows = COINS / columns;
  const [across, down] = [width / columns, height / rows];
  const radius = Math.min(across, down) * 0.4;
  const [heads, tails] = [colour("heads"), colour("tails")];
  for (let index = 0; index < COINS; index++) {
    const [column, row] = [index % columns, Math.floor(index / columns)];
    const fallen = Math.min(1, Math.max(0, turned * 2.2 - (column / columns + (row % 3) * 0.1)));
    const squeeze = coins && fallen < 1 ? Math.abs(Math.cos(fallen * Math.PI * 3)) : 1;
    const up = coins !== null && (fallen < 1 ? (fallen * 3) % 2 < 1 : isHeads(coins, index));
    context.fillStyle = up ? heads : tails;
    context.beginPath();
    context.ellipse((column + 0.5) * across, (row + 0.5) * down, radius, radius * Math.max(squeeze, 0.1), 0, 0, 7);
    context.fill();
  }
}
