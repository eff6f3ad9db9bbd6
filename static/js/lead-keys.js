// Keys on the page of a lead. Each does what a link, button or field of the page does.
const open = (selector) => {
  const found = document.querySelector(selector);
  const folded = found?.closest("details");
  if (folded) folded.open = true;
  found?.focus();
  return Boolean(found);
};
const press = (selector) => () => {
  const found = document.querySelector(selector);
  found?.click();
  return Boolean(found);
};

singleKeys(
  {
    j: press("a[data-key=j]"),
    k: press("a[data-key=k]"),
    a: press("form[data-key=a] button"),
    n: () => open("#note-text"),
    s: () => open(".do-next :is(select, input:not([type=hidden]), button)") || open(".do-more summary"),
  },
  "input, textarea, select, [contenteditable]",
);
