// Updates the brand preview as fields change. Without JavaScript, "Show preview" does.

const { longest, readable } = document.querySelector("[data-preview]").dataset;

const field = (name) => document.getElementById(`brand-${name}`);

const luminance = (color) => {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

const colorOf = (name) =>
  field(`colours-${name}`)?.value ??
  document.querySelector(`[data-fill="${name}"]`).getAttribute("fill");

const short = (text) => {
  const rest = text.trim().replace(/^https?:\/\//, "");
  return rest.length > longest ? `${rest.slice(0, longest - 1)}…` : rest;
};

const follow = () => {
  for (const shape of document.querySelectorAll("[data-fill]")) {
    shape.setAttribute("fill", colorOf(shape.dataset.fill));
  }
  for (const text of document.querySelectorAll("[data-text]")) {
    const typed = field(text.dataset.text);
    if (typed) text.textContent = short(typed.value || text.dataset.default);
  }
  for (const part of document.querySelectorAll("[data-when]")) {
    const [name, value] = part.dataset.when.split(" ");
    const chosen = document.getElementById(name);
    if (chosen) part.toggleAttribute("hidden", chosen.value !== value);
  }
  for (const pair of document.querySelectorAll("[data-text-on]")) {
    const ratio = contrast(...pair.dataset.textOn.split(" ").map(colorOf));
    pair.querySelector("[data-ratio]").textContent = ratio.toFixed(1);
    pair.querySelector("[data-readable]").textContent =
      ratio >= readable ? "readable" : "not enough contrast";
  }
};

document.querySelector("form.settings").addEventListener("input", follow);
