// A lead's page: keys that do what its links and fields do, and folds that open.
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
for (const link of document.querySelectorAll("[data-went]"))
  link.onclick = () => {
    const field = document.getElementById("contact-channel");
    if (field) field.value = link.dataset.went;
    const draft = document.getElementById("contact-draft");
    if (draft) draft.value = link.dataset.draft ?? "";
    openFold(field);
  };

// A link to what is folded opens it.
const openTarget = () => openFold(document.getElementById(location.hash.slice(1)));
addEventListener("hashchange", openTarget);
openTarget();
