/** The two example sites know each other's first name only: `oblique.x` has its sibling at `cointossr.x`. */
export function showSibling() {
  const link = document.querySelector("[data-sibling]");
  const [name, ...rest] = location.host.split(".");
  if (name !== link.dataset.self || rest.length === 0) return;
  link.href = `${location.protocol}//${[link.dataset.sibling, ...rest].join(".")}/`;
  link.hidden = false;
}
