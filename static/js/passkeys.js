// Asks the browser for a passkey when a form with one is sent, and sends its answer with the form.
// Without this script such forms stay hidden, and the page offers another way.
const fromBase64 = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const toBase64 = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const withBytes = (known = []) => known.map((one) => ({ ...one, id: fromBase64(one.id) }));

function asked(form) {
  const options = JSON.parse(form.dataset.options);
  options.challenge = fromBase64(options.challenge);
  if (options.user) options.user.id = fromBase64(options.user.id);
  options.excludeCredentials = withBytes(options.excludeCredentials);
  options.allowCredentials = withBytes(options.allowCredentials);
  return { publicKey: options };
}

function answered(credential) {
  const response = {};
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  for (const part of parts) {
    if (credential.response[part]) response[part] = toBase64(credential.response[part]);
  }
  return JSON.stringify({ id: credential.id, rawId: credential.id, type: credential.type, response });
}

async function askAndSend(form) {
  const problems = form.querySelectorAll("[data-problem]");
  for (const problem of problems) problem.hidden = true;
  try {
    const credential = await navigator.credentials[form.dataset.passkey](asked(form));
    form.elements.credential.value = answered(credential);
    form.submit();
  } catch (error) {
    // InvalidStateError: this device has one for this person already.
    const kind = error.name === "InvalidStateError" ? "known" : "failed";
    for (const problem of problems) problem.hidden = problem.dataset.problem !== kind;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const place = form.closest("[data-passkey-place]");
  const able = Boolean(window.PublicKeyCredential);
  form.hidden = !able;
  for (const word of place.querySelectorAll("[data-unable]")) word.hidden = able;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    askAndSend(form);
  });
}
