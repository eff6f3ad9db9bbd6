// A lead's page: keys for its links and fields, and folds that open.
const openFold = (inside) => inside?.closest("details")?.setAttribute("open", "");
const open = (selector) => {
  const found = document.querySelector(selector);
  openFold(found);
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
    s: () =>
      open(".do-next :is(select, input:not([type=hidden]), button)") ||
      open(".do-next a, .do-more summary"),
  },
  "input, textarea, select, [contenteditable]",
);

// Who calls or writes is asked how it went.
const went = document.querySelector(".went");
for (const link of document.querySelectorAll("[data-channel]"))
  link.onclick = () => {
    for (const key in link.dataset) went[key].value = link.dataset[key];
    openFold(went.channel);
  };

// A link to what is folded opens it.
const openTarget = () => openFold(document.getElementById(location.hash.slice(1)));
addEventListener("hashchange", openTarget);
openTarget();
