/** The page: flip, keep flipping, begin again; say what happened in words as well as in pictures. */

import { drawChart } from "./chart.js";
import { COINS, countHeads, toss } from "./coins.js";
import { showSibling } from "./sibling.js";
import { NOTHING, added, deviation, mean, range } from "./tally.js";
import { drawTray } from "./tray.js";

const FALL = 450; // milliseconds in which the coins of a single flip settle
const AUTO = 120; // milliseconds between two flips
const SAID = 4000; // a reader is told at most so often while flips go on
const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const whole = new Intl.NumberFormat("en");

let tally = NOTHING;
let coins = null;
let heads = null;
let timer = null;
let fallSince = 0;
let saidAt = -SAID;

function flipOnce() {
  coins = toss();
  heads = countHeads(coins);
  tally = added(tally, heads);
}

function flip(times = 1) {
  for (let done = 0; done < times; done++) flipOnce();
  show();
  fallSince = times === 1 && !timer && !still.matches ? performance.now() : 0;
  requestAnimationFrame(fall);
}

function fall(now) {
  const turned = fallSince ? Math.max(0, now - fallSince) / FALL : 1;
  drawTray($("tray"), coins, Math.min(turned, 1));
  if (turned < 1) requestAnimationFrame(fall);
}

function auto() {
  if (timer) {
    clearInterval(timer);
    timer = null;
    say();
  } else {
    timer = setInterval(flip, AUTO);
  }
  $("auto").setAttribute("aria-pressed", String(timer !== null));
}

function reset() {
  if (timer) auto();
  [tally, coins, heads, fallSince] = [NOTHING, null, null, 0];
  show();
  drawTray($("tray"), coins);
}

function show() {
  const { flips } = tally;
  $("heads").textContent = heads ?? "–";
  $("flips").textContent = whole.format(flips);
  $("mean").textContent = flips ? mean(tally).toFixed(2) : "–";
  $("sd").textContent = flips > 1 ? deviation(tally).toFixed(2) : "–";
  $("range").textContent = flips ? range(tally).join(" – ") : "–";
  $("tray").setAttribute("aria-label", flips ? `${heads} heads, ${COINS - heads} tails.` : "No coins tossed yet.");
  $("chart").setAttribute("aria-label", flips ? `Histogram. ${inWords()}` : "An empty histogram.");
  drawChart($("chart"), tally, heads);
  if ($("counts").closest("details").open) fillTable();
  if (!timer || performance.now() - saidAt > SAID) say();
}

function inWords() {
  const { flips } = tally;
  const spread = flips > 1 ? `, standard deviation ${deviation(tally).toFixed(1)}` : "";
  return `${whole.format(flips)} ${flips === 1 ? "flip" : "flips"}, last ${heads} heads, mean ${mean(tally).toFixed(1)}${spread}.`;
}

function say() {
  saidAt = performance.now();
  $("summary").textContent = tally.flips ? inWords() : "No flips yet.";
}

function fillTable() {
  const rows = Object.entries(tally.counts).map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map((cell) => Object.assign(document.createElement("td"), { textContent: cell })));
    return row;
  });
  $("counts").replaceChildren(...rows);
}

function redraw() {
  drawChart($("chart"), tally, heads);
  drawTray($("tray"), coins);
}

const keys = { " ": () => flip(), a: auto, h: () => flip(100), r: reset };
addEventListener("keydown", (event) => {
  const held = event.ctrlKey || event.metaKey || event.altKey;
  const pressed = event.key === " " && event.target.closest("a, button, summary");
  if (held || pressed || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

$("flip").addEventListener("click", () => flip());
$("hundred").addEventListener("click", () => flip(100));
$("auto").addEventListener("click", auto);
$("reset").addEventListener("click", reset);
$("counts").closest("details").addEventListener("toggle", fillTable);
document.addEventListener("visibilitychange", () => document.hidden && timer && auto());
addEventListener("resize", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

document.documentElement.classList.add("ready");
await document.fonts.ready;
redraw();
showSibling();
