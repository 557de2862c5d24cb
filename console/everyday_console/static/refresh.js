// Keeps #live as it is on the server: only what differs is put in place, so nothing flickers or jumps.
"use strict";

const live = document.getElementById("live");
const PERIOD_MS = Number(live.dataset.seconds || 2) * 1000;
const pause = document.getElementById("pause");
let paused = false;

function mend(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE || old.tagName !== fresh.tagName) {
    old.replaceWith(fresh.cloneNode(true));
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const mine = [...old.childNodes];
  const theirs = [...fresh.childNodes];
  mine.slice(theirs.length).forEach((node) => node.remove());
  theirs.forEach((node, at) => (at < mine.length ? mend(mine[at], node) : old.append(node.cloneNode(true))));
}

async function refresh() {
  if (!paused && !document.hidden) {
    try {
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("live");
      if (fresh && !paused) mend(live, fresh);
      document.body.classList.toggle("stale", !fresh);
    } catch {
      document.body.classList.add("stale");
    }
  }
  setTimeout(refresh, PERIOD_MS);
}

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Go on" : "Pause";
  pause.setAttribute("aria-pressed", String(paused));
});
setTimeout(refresh, PERIOD_MS);
