"""Axe, the judge of what people with disabilities can use, on a page of the real browser.

Three rules took three quarters of its time, as they look up what lies below and beside each
element. They judge only what another page has not shown. Whether a text can be read, and whether
a link stands out from the text around it, depends on how both are painted: those that are painted
like one that axe has passed on a page before are left out, and one that it refused, or could not
tell about, is looked at again. A target that has 24 pixels each way to itself needs no judge.
"""

from importlib.resources import files

from playwright.sync_api import Frame
from playwright.sync_api import Page as Tab

_SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_SET_UP = f"globalThis.setUpAxe = () => {{ {_SCRIPT} }}; void 0"
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN = """async ([tags, passed]) => {
  if (typeof setUpAxe === 'undefined') return null;
  if (typeof axe === 'undefined') setUpAxe();
  const known = new Set(passed), looks = new Map(), grounds = new Map();
  const mark = (element, rule) => element.setAttribute(`data-${rule}`, 'new');
  const markIfNew = (element, rule, painted) => {
    const look = `${rule}: ${painted}`;
    if (known.has(look)) return;
    known.add(look);
    looks.set(rule, (looks.get(rule) || new Map()).set(element, look));
    mark(element, rule);
  };
  const styles = (element, names) => {
    const all = getComputedStyle(element);
    return names.map((name) => all[name]).join();
  };
  const ground = (element) => {
    if (element && !grounds.has(element)) {
      const plain = 'rgba(0, 0, 0, 0),none,1,none,normal,none,static';
      const own = styles(element, [
        'backgroundColor', 'backgroundImage', 'opacity', 'filter', 'mixBlendMode', 'transform',
        'position',
      ]);
      const around = ground(element.parentElement);
      grounds.set(element, own === plain ? around : `${around}|${own}`);
    }
    return grounds.get(element);
  };
  const text = (element) => [
    element.localName, styles(element, ['color', 'fontSize', 'fontWeight', 'textShadow']),
    'on', ground(element),
  ].join(' ');
  const lines = (element) => text(element) + ' ' + styles(element, [
    'display', 'fontFamily', 'fontStyle', 'textDecoration', 'borderStyle', 'borderWidth',
    'borderColor',
  ]);
  const block = (element) => getComputedStyle(element).display.startsWith('inline')
    ? block(element.parentElement) : element;
  const hasText = (element) => element.matches('input, select, textarea')
    || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  for (const element of document.body.querySelectorAll('*')) {
    if (!element.checkVisibility()) continue;
    if (hasText(element)) markIfNew(element, 'color-contrast', text(element));
    if (element.matches('a, [role=link]')) {
      markIfNew(element, 'link-in-text-block', `${lines(element)} in ${lines(block(element))}`);
    }
  }
  const targets = [...document.querySelectorAll(
    'a[href], area, button, input, select, textarea, summary, [tabindex], [role]',
  )].filter((element) => element.tabIndex >= 0 && element.checkVisibility())
    .map((element) => {
      const {left, right, top, bottom} = element.getBoundingClientRect();
      const [x, y] = [Math.max(0, 24 - right + left) / 2, Math.max(0, 24 - bottom + top) / 2];
      return {element, left: left - x, right: right + x, top: top - y, bottom: bottom + y};
    });
  for (const one of targets) {
    if (targets.some((other) => other !== one && other.left < one.right && one.left < other.right
      && other.top < one.bottom && one.top < other.bottom)) mark(one.element, 'target-size');
  }

  const sparing = ['color-contrast', 'link-in-text-block', 'target-size'];
  axe.configure({rules: sparing.map((id) => ({id, selector: `[data-${id}]`}))});
  axe.addReporter('bare', (rules, _, done) => done(rules));  // the usual ones describe what passed
  const rules = await axe.run({
    runOnly: tags, reporter: 'bare', elementRef: true,
    preload: false,  // would fetch the style sheets once more for a rule on turned screens
    iframes: false,  // axe is not in them, and would wait for their answer
  });
  for (const id of sparing) {
    document.querySelectorAll(`[data-${id}]`)
      .forEach((element) => element.removeAttribute(`data-${id}`));
  }
  return [
    rules.flatMap((rule) => rule.violations.map(
      ({node}) => `${rule.id} (${rule.help}): ${node.element.outerHTML.slice(0, 160)}`,
    )),
    rules.filter(({id}) => looks.has(id)).flatMap(
      ({id, passes}) => passes.map(({node}) => looks.get(id).get(node.element)),
    ),
  ];
}"""


def find_violations(page: Tab | Frame, passed: set[str]) -> list[str]:
    """What axe finds against WCAG 2.0 to 2.2 A and AA and good practice, one line an element.

    `passed` are the looks of texts and links that it has passed; those of this page are added.
    """
    found = page.evaluate(_RUN, [_TAGS, [*passed]])
    if found is None:
        if isinstance(page, Tab):
            # From now on it can be had on each page; only one that is looked at sets it up.
            page.add_init_script(_SET_UP)
        page.evaluate(_SET_UP)
        found = page.evaluate(_RUN, [_TAGS, [*passed]])
    violations, looks = found
    passed.update(looks)
    return list(violations)
