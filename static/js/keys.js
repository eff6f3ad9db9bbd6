// Single keys, as shortcuts for what links and buttons do. Whoever presses them by accident, or
// speaks to their computer, turns them off; this browser remembers it.
const KEPT = "single-keys";
let on = true;
try {
  on = localStorage.getItem(KEPT) !== "off";
} catch {} // nothing may be kept here

// keys: what each does, false if nothing. typing: the elements that want the keys.
globalThis.singleKeys = (keys, typing, repeated = false) => {
  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || (event.repeat && !repeated)) return;
    if (event.target.closest(typing) || !Object.hasOwn(keys, event.key)) return;
    if (keys[event.key]() !== false) event.preventDefault();
  });
};

// The keys of every page.
singleKeys(
  {
    "?": () => document.querySelector("a[data-key='?']").click(),
    "/": () => document.querySelector("#text, #find").focus(),
  },
  "input:not([type=checkbox]), textarea, select, [contenteditable]",
);

const hint = document.querySelector("[data-keys]");
const button = hint?.querySelector("button");
const show = () => {
  hint.querySelector("span").hidden = !on;
  button.textContent = on ? "Turn off shortcuts" : "Turn on shortcuts";
  hint.hidden = false;
};
button?.addEventListener("click", () => {
  on = !on;
  try {
    localStorage.setItem(KEPT, on ? "on" : "off");
  } catch {}
  show();
});
if (button) show();
