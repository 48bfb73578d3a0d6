// Looks at a page as it stands: accessibility rules, the size of what can be tapped, whether it fits its width.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const AXE = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

// WCAG 2.0 to 2.2, A and AA. The size of targets is one of 2.2's rules, and off unless asked for.
const RULES = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
  rules: { 'target-size': { enabled: true } },
  // One letter or sign is text here, and no icon.
  checks: { 'color-contrast': { options: { ignoreLength: true, ignoreUnicode: false } } },
  resultTypes: ['violations', 'incomplete'],
  preload: false,
};

// Everything that can be tapped, written into or chosen from.
const INTERACTIVE = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex="0"]';

async function evaluate(devtools, expression, contextId) {
  const { result, exceptionDetails } = await devtools.send('Runtime.evaluate', {
    expression, contextId, awaitPromise: true, returnByValue: true,
  });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}

// Every breach of the rules, and whatever the rules cannot decide by themselves: which, of what, where, why. They are
// looked for in a world of their own, so that neither the page nor its content policy has to let a foreign script in.
export async function accessibility(person) {
  const { devtools } = person;
  if (person.world === null) {
    const { frameTree } = await devtools.send('Page.getFrameTree');
    const world = { frameId: frameTree.frame.id, worldName: 'accessibility' };
    person.world = (await devtools.send('Page.createIsolatedWorld', world)).executionContextId;
    await evaluate(devtools, `${AXE}; 0`, person.world);
  }
  return evaluate(devtools, `(${look})(${JSON.stringify(RULES)})`, person.world);
}

// Runs in the page's other world. What lies outside of the window of a table that scrolls, or below buttons that stay in
// sight, is told apart from its ground only once it is seen: it is looked at again with all laid open.
async function look(rules) {
  const found = await axe.run(document, rules);
  const hidden = open(found).filter(({ within }) => within === 'page').map(({ target }) => target);
  let again = { violations: [], incomplete: [] };
  if (hidden.length > 0) {
    const lay = (elements, styles) => elements.map((element) => {
      const before = element.style.cssText;
      Object.assign(element.style, styles);
      return () => { element.style.cssText = before; };
    });
    const laid = [
      ...lay([...document.querySelectorAll('body, main, .scroll')], { overflow: 'visible', width: 'max-content', maxWidth: 'none' }),
      ...lay([...document.querySelectorAll('form .actions')], { position: 'static' }),
    ];
    again = await axe.run({ include: hidden }, { ...rules, runOnly: { type: 'rule', values: ['color-contrast'] } });
    laid.forEach((putBack) => putBack());
  }
  const seen = new Set(hidden.map(String));
  const still = [...open(found).filter(({ target }) => !seen.has(String(target))), ...open(again)];
  const breaches = [...found.violations, ...again.violations].map((violation) => ({
    rule: violation.id, impact: violation.impact, help: violation.help, many: violation.nodes.length,
    places: violation.nodes.slice(0, 3).map((node) => node.target.join(' ')),
    why: violation.nodes[0]?.failureSummary ?? '',
  }));
  return { breaches, open: still.map(({ rule, reason, target, within }) => ({ rule, reason, within, place: target.join(' ') })) };

  // Each element that a rule leaves open, with the key of the reason that it gives, and in which kind of thing it is.
  function open({ incomplete }) {
    return incomplete.flatMap(({ id, nodes }) => nodes.map((node) => {
      const checks = [...node.any, ...node.all, ...node.none];
      const reason = checks.map((check) => check.data?.messageKey ?? check.id)[0] ?? '';
      const element = document.querySelector(node.target[0]);
      const drawing = element?.closest('svg') ? 'drawing' : 'page';
      return { rule: id, reason, target: node.target, within: drawing };
    }));
  }
}

// The boxes of what can be tapped below `selector`, on the page as it is when one has scrolled there: the name, the place,
// the gap to the nearest other one, and whether it is what the page is there for. A tick or a choice is tapped by the label
// around it. What is folded away, or there for keys alone, is no target.
export function targets(page, selector) {
  return page.evaluate(
    ([selector, interactive]) => {
      const kept = [...document.querySelectorAll('form .actions')];
      for (const buttons of kept) buttons.style.position = 'static';
      const within = [...document.querySelectorAll(selector)];
      const all = within.flatMap((element) => [...element.querySelectorAll(interactive)]);
      const forKeys = (element) => element.matches('[role=region]');
      const visible = all.filter((element) => element.checkVisibility({ visibilityProperty: true }) && !forKeys(element));
      const boxes = visible.map((element) => {
        const around = element.matches('input') ? element.closest('label') : null;
        const { x, y, width, height } = (around ?? element).getBoundingClientRect();
        const name = element.getAttribute('aria-label') || element.labels?.[0]?.innerText || element.innerText;
        const primary = element.matches('.primary, .tasks a');
        return { name: (name || element.tagName).replace(/\s+/g, ' ').trim(), x, y, width, height, primary };
      });
      for (const buttons of kept) buttons.style.removeProperty('position');
      const seen = boxes.filter((box) => box.width > 1 && box.height > 1 && box.x + box.width > 0 && box.y + box.height > 0);
      const apart = (a, b) => {
        const across = Math.max(0, a.x - (b.x + b.width), b.x - (a.x + a.width));
        const down = Math.max(0, a.y - (b.y + b.height), b.y - (a.y + a.height));
        return Math.hypot(across, down);
      };
      return seen.map((box) => {
        const gaps = seen.filter((other) => other !== box).map((other) => ({ other, gap: apart(box, other) }));
        const nearest = gaps.reduce((least, one) => (least && least.gap <= one.gap ? least : one), null);
        return { ...box, gap: nearest?.gap ?? null, nearest: nearest?.other.name ?? null };
      });
    },
    [selector, INTERACTIVE],
  );
}

// By how many pixels the page is wider than the window.
export function overflow(page) {
  return page.evaluate(() => {
    const page = document.scrollingElement ?? document.documentElement;
    return Math.max(0, page.scrollWidth - window.innerWidth, page.scrollWidth - page.clientWidth);
  });
}
