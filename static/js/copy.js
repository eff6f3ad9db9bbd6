// A button that copies a tool. Without it, the text can be selected by hand.
for (const text of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  const status = document.createElement("span");
  const row = document.createElement("p");
  button.type = "button";
  button.className = "button button-second button-small";
  button.textContent = text.dataset.copy || "Copy";
  // In a list of all buttons, each tool's has to say which it copies.
  if (text.dataset.of) button.setAttribute("aria-label", `${button.textContent}: ${text.dataset.of}`);
  status.setAttribute("role", "status");
  row.className = "actions";
  row.append(button, status);
  text.before(row);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      status.textContent = "Copied. Paste it wherever you need it.";
    } catch {
      if (text.select) text.select();
      else getSelection().selectAllChildren(text);
      status.textContent = "It’s selected. Now copy it.";
    }
  });
}
