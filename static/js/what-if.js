// Shows at once what a picked answer changes. Without it, the form's button does the same.
const form = document.querySelector("form.what-if");
let latest = 0;

form.addEventListener("change", async () => {
  const turn = ++latest;
  const picked = [...new FormData(form)].filter(([, value]) => value);
  const address = `${form.getAttribute("action")}?${new URLSearchParams(picked)}`;
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (turn !== latest) return; // a later pick is on its way
    const top = form.getBoundingClientRect().top;
    for (const id of ["moves", "levels", "changes"]) {
      document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
    }
    scrollBy(0, form.getBoundingClientRect().top - top); // what was picked stays under the thumb
    history.replaceState(null, "", address);
  } catch {
    if (turn === latest) form.submit();
  }
});
