// Has the browser do a second of arithmetic before it sends a form, which makes sending thousands of
// them dear. The worker is this same file. Without it, the form is sent all the same.
const BATCH = 64;
const FRESH_MS = 8 * 60_000; // a challenge is taken for ten minutes

async function numbersFor(challenge, bits, count) {
  const found = [];
  for (let next = 0; found.length < count; next += BATCH) {
    const numbers = Array.from({ length: BATCH }, (_, at) => next + at);
    const texts = numbers.map((number) => new TextEncoder().encode(`${challenge}:${number}`));
    const hashes = await Promise.all(texts.map((text) => crypto.subtle.digest("SHA-256", text)));
    found.push(...numbers.filter((_, at) => !(new DataView(hashes[at]).getUint32(0) >>> (32 - bits))));
  }
  return found.slice(0, count).join(".");
}

function solve(script, { challenge, bits, count }) {
  return new Promise((solved, failed) => {
    const worker = new Worker(script);
    worker.onmessage = ({ data }) => {
      worker.terminate();
      solved(`${challenge}~${data}`);
    };
    worker.onerror = failed;
    worker.postMessage([challenge, Number(bits), Number(count)]);
  });
}

function guard(field, script) {
  const form = field.form;
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  form.append(status);
  let solving = null;
  let at = 0;

  async function proof() {
    if (performance.now() - at > FRESH_MS) {
      const page = await (await fetch(location.href)).text();
      const fresh = new DOMParser().parseFromString(page, "text/html").getElementById(field.id);
      field.dataset.challenge = fresh.dataset.challenge;
      at = performance.now();
    }
    field.value = await solve(script, field.dataset);
  }

  const start = () => (solving ??= proof().catch(() => {}));
  form.addEventListener("focusin", start);
  form.addEventListener("submit", async (event) => {
    if (field.value && performance.now() - at < FRESH_MS) return;
    event.preventDefault();
    if (status.textContent) return; // pressed twice
    status.textContent = "One moment…";
    if (field.value) solving = null; // it has waited too long
    await Promise.race([start(), new Promise((late) => setTimeout(late, 10_000))]);
    form.submit();
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return; // Back to this page: each challenge is taken once
    [field.value, solving, at, status.textContent] = ["", null, -FRESH_MS, ""];
  });
}

if (self.document) {
  const script = document.currentScript.src;
  if (self.isSecureContext && crypto.subtle) {
    for (const field of document.querySelectorAll("[data-challenge]")) guard(field, script);
  }
} else {
  onmessage = async ({ data }) => postMessage(await numbersFor(...data));
}
