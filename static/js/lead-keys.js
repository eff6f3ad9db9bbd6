// Keys on the page of a lead. Each does what a link, button or field of the page does.
const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

const open = (selector) => {
  const found = document.querySelector(selector);
  const folded = found?.closest("details");
  if (folded) folded.open = true;
  found?.focus();
  return Boolean(found);
};

const keys = {
  j: () => document.querySelector("a[data-key=j]")?.click(),
  k: () => document.querySelector("a[data-key=k]")?.click(),
  a: () => document.querySelector("form[data-key=a] button")?.click(),
  n: () => open("#note-text"),
  s: () => open(".do-next :is(select, input:not([type=hidden]), button)") || open(".do-more summary"),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return;
  if (typing(event.target) || !Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});
for (const hint of document.querySelectorAll("[data-keys]")) hint.hidden = false;
