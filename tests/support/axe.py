"""Axe, the judge of what people with disabilities can use, on a page of the real browser.

Contrast took three quarters of its time, mostly on texts that look like one before. Whether a text
can be read depends on how it and what it stands in are painted. So texts that are painted like one
that axe has passed in this window are left out; one that it refused, or could not tell about, is
looked at again.
"""

from importlib.resources import files

from playwright.sync_api import Frame
from playwright.sync_api import Page as Tab

_SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN = """async ([tags, passed]) => {
  const run = (more) => axe.run({
    resultTypes: ['violations', 'passes'],
    preload: false,  // would fetch the style sheets once more for a rule on turned screens
    elementRef: true,
    ...more,
  });
  const all = await run({
    runOnly: tags, resultTypes: ['violations'], rules: {'color-contrast': {enabled: false}},
  });
  const known = new Set(passed), grounds = new Map(), looks = new Map();
  const ground = (element) => {
    if (element && !grounds.has(element)) {
      const {backgroundColor, backgroundImage, opacity, filter, mixBlendMode, transform, position}
        = getComputedStyle(element);
      const plain = 'rgba(0, 0, 0, 0),none,1,none,normal,none,static';
      const own = [
        backgroundColor, backgroundImage, opacity, filter, mixBlendMode, transform, position,
      ].join();
      const around = ground(element.parentElement);
      grounds.set(element, own === plain ? around : `${around}|${own}`);
    }
    return grounds.get(element);
  };
  const hasText = (element) => element.matches('input, select, textarea')
    || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  for (const element of document.body.querySelectorAll('*')) {
    if (hasText(element) && element.checkVisibility()) {
      const {color, fontSize, fontWeight, textShadow} = getComputedStyle(element);
      const own = [color, fontSize, fontWeight, textShadow].join();
      const look = `${element.localName},${own} on ${ground(element)}`;
      if (!known.has(look)) {
        known.add(look);
        looks.set(element, look);
        element.dataset.look = 'new';
      }
    }
  }
  axe.configure({rules: [{id: 'color-contrast', selector: '[data-look]'}]});
  const contrast = await run({runOnly: {type: 'rule', values: ['color-contrast']}});
  looks.forEach((_, element) => { delete element.dataset.look; });
  return [
    [...all.violations, ...contrast.violations].flatMap((rule) => rule.nodes.map(
      (node) => `${rule.id} (${rule.help}): ${node.html.slice(0, 160)}`,
    )),
    contrast.passes.flatMap((rule) => rule.nodes.map((node) => looks.get(node.element))),
  ];
}"""


def find_violations(page: Tab | Frame, passed: set[str]) -> list[str]:
    """What axe finds against WCAG 2.0 to 2.2 A and AA and good practice, one line an element.

    `passed` are the looks of texts that it has passed; those of this page are added.
    """
    if page.evaluate("typeof axe === 'undefined'"):
        if isinstance(page, Tab):
            # From now on it is there before each page; not in frames, which are pages of their own.
            page.add_init_script(f"if (window === top) {{ {_SCRIPT} }}")
        page.evaluate(f"{_SCRIPT}\n;void 0")
    violations, looks = page.evaluate(_RUN, [_TAGS, [*passed]])
    passed.update(looks)
    return list(violations)
