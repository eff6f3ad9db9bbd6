// A button that opens the phone's share sheet, where there is one.
if (navigator.share) {
  for (const ways of document.querySelectorAll("[data-share]")) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link-button";
    button.textContent = "Share…";
    button.addEventListener("click", () => {
      navigator.share({ text: ways.dataset.share }).catch(() => {}); // closed without sharing
    });
    item.append(button);
    ways.prepend(item);
  }
}
