// Goes through the list with single keys. Everything they do, links, boxes and buttons do as well.
const rows = [...document.querySelectorAll(".leads tbody tr")];
const links = rows.map((row) => row.querySelector("th a"));
const here = () => rows.findIndex((row) => row.contains(document.activeElement));

function go(step) {
  const next = here() < 0 ? 0 : here() + step;
  links[Math.min(Math.max(next, 0), links.length - 1)]?.focus();
}

const keys = {
  j: () => go(1),
  ArrowDown: () => go(1),
  k: () => go(-1),
  ArrowUp: () => go(-1),
  x: () => rows[here()]?.querySelector("input").click(),
  "/": () => document.getElementById("text").focus(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, summary");
  const arrow = event.key.startsWith("Arrow");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
  if (arrow && here() < 0) return; // outside the list, they scroll the page
  event.preventDefault();
  keys[event.key]();
});

document.querySelector(".keys")?.removeAttribute("hidden");
