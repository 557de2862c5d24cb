/** Show one card at a time; its number is the address's fragment, so every card has a link of its own. */

import { draw, pick, restored, shuffled } from "./deck.js";
import { figure } from "./figure.js";
import { showSibling } from "./sibling.js";

const STORE = "oblique.deck";
const SWIPE = 40;
const page = document.documentElement;
const card = document.querySelector(".card");

const { suits } = await (await fetch(new URL("../cards.json", import.meta.url))).json();
const cards = suits.flatMap(({ name, cards: texts }, suit) => texts.map((text) => ({ text, name, suit })));
let deck = restored(stored(), cards.length);
const trail = [];

function random(below) {
  const limit = 2 ** 32 - (2 ** 32 % below); // above it, small numbers would come more often
  const word = new Uint32Array(1);
  do crypto.getRandomValues(word);
  while (word[0] >= limit);
  return word[0] % below;
}

function stored() {
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null; // storage is off: every visit begins a new deck
  }
}

function store() {
  try {
    localStorage.setItem(STORE, JSON.stringify(deck));
  } catch {
    // The deck lives as long as the page.
  }
}

function asked() {
  const number = Number(location.hash.slice(1));
  return Number.isInteger(number) && number >= 1 && number <= cards.length ? number : 0;
}

function show(number) {
  const { text, name, suit } = cards[number - 1];
  page.dataset.suit = name.toLowerCase();
  card.querySelector(".number").textContent = `№ ${number}`;
  card.querySelector(".suit").textContent = name;
  card.querySelector(".figure").innerHTML = figure(suit, number);
  card.querySelector(".prompt").textContent = text;
  document.title = `${text} · oblique`;
  for (const part of document.querySelectorAll(".left")) part.textContent = deck.left.length;
}

/** Lay a copy of the card on top and let it fly off, while the next one already lies below. */
function discard() {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const old = card.cloneNode(true);
  old.classList.add("leaving");
  old.setAttribute("aria-hidden", "true");
  old.querySelector(".prompt").removeAttribute("aria-live");
  card.after(old);
  old.addEventListener("animationend", () => old.remove());
  setTimeout(() => old.remove(), 1000);
}

function turnTo(number) {
  discard();
  deck = pick(deck, number);
  store();
  show(number);
}

function next() {
  trail.push(deck.shown);
  deck = draw(deck, cards.length, random);
  location.hash = deck.shown; // `hashchange` shows it
}

function back() {
  const number = trail.pop();
  if (number) location.hash = number;
}

addEventListener("hashchange", () => asked() && turnTo(asked()));

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key === "ArrowLeft") return back();
  const onControl = event.target.closest("a, button");
  if (event.key === "ArrowRight" || (!onControl && (event.key === " " || event.key === "Enter"))) {
    event.preventDefault();
    next();
  }
});

document.querySelector("#next").addEventListener("click", next);
document.querySelector("#print").addEventListener("click", () => print());

let from = null;
card.addEventListener("pointerdown", (event) => (from = event.clientX));
card.addEventListener("pointerup", (event) => {
  if (from === null || getSelection().toString()) return;
  const moved = event.clientX - from;
  from = null;
  if (moved > SWIPE) back();
  else if (event.button === 0) next();
});
card.addEventListener("pointercancel", () => (from = null));

if (asked()) {
  deck = pick(deck.left.length ? deck : { left: shuffled(cards.length, random) }, asked());
} else {
  deck = draw(deck, cards.length, random);
  history.replaceState(null, "", `#${deck.shown}`);
}
store();
show(deck.shown);
page.classList.add("ready");
showSibling();
