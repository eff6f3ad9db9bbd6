// Stands in for an analytics script: keeps what it's given, and every event of the check that bubbles up.
window.heard = [];
for (const name of ["ready", "started", "finished", "contact", "consult"]) {
  document.addEventListener(`relay-check:${name}`, (event) => {
    window.heard.push([name, event.target.id, event.detail]);
  });
}
// How much the page moved by itself, as browsers measure it.
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
