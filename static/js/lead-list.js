// Single keys for the list. Links, boxes and buttons do it all as well.
const rows = [...document.querySelectorAll(".leads tbody tr, .todo li")];
const links = rows.map((row) => row.querySelector("th a, .lead a"));
const here = () => rows.findIndex((row) => row.contains(document.activeElement));

function go(step) {
  const next = here() < 0 ? 0 : here() + step;
  links[Math.min(Math.max(next, 0), links.length - 1)]?.focus();
}

const arrow = (step) => here() >= 0 && go(step); // elsewhere, they scroll

singleKeys(
  {
    j: () => go(1),
    ArrowDown: () => arrow(1),
    k: () => go(-1),
    ArrowUp: () => arrow(-1),
    x: () => rows[here()]?.querySelector("[name=lead]")?.click(),
    s: () => document.querySelector(".bulk button")?.focus(),
  },
  "input:not([type=checkbox]), select, textarea, summary",
  true,
);
