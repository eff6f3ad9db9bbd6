// Goes through the list with single keys. All of it, links, boxes and buttons do as well.
const rows = [...document.querySelectorAll(".leads tbody tr, .todo li")];
const links = rows.map((row) => row.querySelector("th a, .lead a"));
const here = () => rows.findIndex((row) => row.contains(document.activeElement));

function go(step) {
  const next = here() < 0 ? 0 : here() + step;
  links[Math.min(Math.max(next, 0), links.length - 1)]?.focus();
}

const arrow = (step) => here() >= 0 && go(step); // outside the list, they scroll the page

singleKeys(
  {
    j: () => go(1),
    ArrowDown: () => arrow(1),
    k: () => go(-1),
    ArrowUp: () => arrow(-1),
    x: () => rows[here()]?.querySelector("[name=lead]")?.click(),
  },
  "input:not([type=checkbox]), select, textarea, summary",
  true,
);
