/* Relay Check, the <relay-check> element, version VERSION. Sets no cookie and stores nothing. */
(() => {
  "use strict";
  const BASE = "BASE";
  const NAME = "relay-check";
  const TALLEST = 20000;
  const NARROW = 240;
  const WAIT = 8000; // milliseconds until the link stays for good
  const LOWEST = 120; // a frame whose top is up to here on the screen stays where it is
  const REACHED = ["started", "finished", "contact", "consult"];
  // Heights of the first page, by the width that it has at most: nothing moves when it comes.
  const FIRST = [[310, 1530], [390, 1400], [450, 1240], [490, 1170], [630, 1080], [950, 1060]];

  // Nothing here may break the page around it.
  function safely(act) {
    return (given) => {
      try {
        act(given);
      } catch (error) {} // eslint-disable-line no-empty
    };
  }

  // The campaign and the page, so that the agency knows what led here; no other part of the address.
  function query(element) {
    const sent = new URLSearchParams();
    const depth = element.getAttribute("depth");
    if (depth) sent.set("depth", depth);
    if (element.hasAttribute("no-source")) return sent;
    new URLSearchParams(location.search).forEach((value, name) => {
      if (/^(utm_[a-z_]{1,20}|ref)$/i.test(name)) sent.append(name, value.slice(0, 100));
    });
    // Inside a box of a website builder, only the site around it is known, and not its page.
    const boxed = parent !== window;
    const around = boxed && document.referrer ? new URL(document.referrer) : location;
    const path = boxed && around.pathname === "/" ? "" : around.pathname;
    if (around.host) sent.set("page", (around.host + path).slice(0, 100));
    return sent;
  }

  function address(element) {
    const auto = element.getAttribute("scheme") === "auto" ? "/auto" : "";
    const clear = element.hasAttribute("transparent") ? "/clear" : "";
    return `${BASE}/embed${auto}${clear}/?${query(element)}`;
  }

  function style(element, values) {
    Object.assign(element.style, values);
  }

  // Put the frame into the element; returns what takes it out again.
  function open(element) {
    const shadow = element.shadowRoot || element.attachShadow({ mode: "open" });
    const box = document.createElement("div");
    const frame = document.createElement("iframe");
    const slot = document.createElement("slot"); // the link that the page's author put inside
    const link = document.createElement("a");
    const told = {};
    let ready = false;
    let wanted = 0;
    let turning = false;

    function tell(name, depth) {
      if (told[name]) return;
      told[name] = true;
      const event = { bubbles: true, composed: true, detail: depth ? { depth } : {} };
      element.dispatchEvent(new CustomEvent(`${NAME}:${name}`, event));
      const layer = element.getAttribute("data-layer");
      if (!layer || name === "ready") return;
      window[layer] = window[layer] || [];
      window[layer].push({ event: `relay_check_${name}`, relay_check: { depth } });
      if (name === "contact") window[layer].push({ event: "generate_lead", relay_check: { depth } });
    }

    function resize() {
      frame.setAttribute("scrolling", wanted > TALLEST ? "auto" : "no");
      frame.style.height = `${Math.min(TALLEST, Math.ceil(wanted))}px`;
    }

    // Bring a place in the frame to the top of the screen, at once, as a link does.
    function bring(top) {
      const offset = Number(element.getAttribute("data-offset")) || 0;
      const now = frame.getBoundingClientRect().top + top;
      if (now >= offset && now <= Math.max(LOWEST, offset)) return;
      frame.style.scrollMarginTop = `${offset - top}px`;
      frame.scrollIntoView({ block: "start", behavior: "instant" });
    }

    // From the second page on, the frame fills the screen, and takes its new height when all that is
    // below it is out of view: so nothing of the page around it is seen to move. In a box that is
    // as high as what is in it, it would grow and grow.
    function turn(top) {
      if (parent === window) frame.style.minHeight = "100vh";
      turning = true;
      bring(top);
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          turning = false;
          resize();
          bring(top);
        }),
      );
    }

    function show() {
      ready = true;
      clearTimeout(timer);
      frame.style.visibility = "visible";
      if (element.contains(document.activeElement)) frame.focus(); // which was on the link
      slot.style.display = "none";
      tell("ready");
    }

    const hear = safely((message) => {
      const said = message.data;
      if (message.source !== frame.contentWindow || message.origin !== new URL(BASE).origin) return;
      if (!said || said.source !== NAME || said.v !== 1) return;
      wanted = said.height > 0 ? said.height : wanted;
      if (said.type === "height" && !turning) resize();
      if (said.type === "place") bring(Number(said.top) || 0);
      if (said.type === "page" && ready) turn(Number(said.top) || 0);
      if (said.type === "page" && !ready) show(resize());
      const depth = said.depth === "full" ? "full" : "quick";
      for (const name of said.reached || []) if (REACHED.includes(name)) tell(name, depth);
    });

    function close() {
      window.removeEventListener("message", hear);
      clearTimeout(timer);
      frame.remove();
      slot.style.display = "";
    }

    link.href = `${BASE}/`;
    link.textContent = "Start the check";
    slot.append(link);
    style(element, { display: "block", overflowAnchor: "none" });
    style(box, { display: "grid" });
    style(slot, { gridArea: "1 / 1" });
    style(frame, {
      ...{ gridArea: "1 / 1", border: "0", width: "1px", minWidth: "100%", visibility: "hidden" },
      colorScheme: element.getAttribute("scheme") === "auto" ? "light dark" : "light",
    });
    frame.title = element.getAttribute("label") || "PRODUCT";
    frame.setAttribute("allow", `clipboard-write${navigator.share ? "; web-share" : ""}`);
    frame.setAttribute("scrolling", "no");
    if (element.hasAttribute("no-source")) frame.referrerPolicy = "no-referrer";
    frame.src = address(element);
    const timer = setTimeout(() => {
      close();
      element.style.minHeight = ""; // the room that the snippet keeps free
    }, WAIT);
    window.addEventListener("message", hear);
    shadow.textContent = "";
    shadow.append(box);
    // A container that makes its parts as narrow as what is in them would leave nothing of a frame.
    if (element.clientWidth < NARROW) element.style.width = "100%";
    const first = FIRST.find(([most]) => element.clientWidth <= most);
    frame.style.height = `${first ? first[1] : 790}px`;
    box.append(frame, slot);
    return close;
  }

  if (!window.customElements || customElements.get(NAME)) return;
  const closing = new WeakMap();
  customElements.define(
    NAME,
    class extends HTMLElement {
      connectedCallback() {
        safely((element) => closing.set(element, open(element)))(this);
      }

      disconnectedCallback() {
        safely((element) => closing.has(element) && closing.get(element)())(this);
      }
    },
  );
})();
