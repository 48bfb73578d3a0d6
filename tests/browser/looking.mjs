// Looks at a page as it stands: accessibility rules, the size of what can be tapped, whether it fits its width.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const AXE = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

// WCAG 2.0 to 2.2, A and AA. The size of targets is one of 2.2's rules, and off unless asked for.
const RULES = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
  rules: { 'target-size': { enabled: true } },
  resultTypes: ['violations'],
  preload: false,
};

// What other colours can break.
const OF_COLOURS = { ...RULES, runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }, rules: {} };

// Everything that can be tapped, written into or chosen from.
const INTERACTIVE = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex="0"]';

async function evaluate(devtools, expression, contextId) {
  const { result, exceptionDetails } = await devtools.send('Runtime.evaluate', {
    expression, contextId, awaitPromise: true, returnByValue: true,
  });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}

// Every breach of the rules, or of those of colours: which, of what, where. They are looked for in a world of their own, so that neither the
// page nor its content policy has to let a foreign script in.
export async function accessibility(person, colours) {
  const { devtools } = person;
  if (person.world === null) {
    const { frameTree } = await devtools.send('Page.getFrameTree');
    const world = { frameId: frameTree.frame.id, worldName: 'accessibility' };
    person.world = (await devtools.send('Page.createIsolatedWorld', world)).executionContextId;
    await evaluate(devtools, `${AXE}; 0`, person.world);
  }
  const run = `axe.run(document, ${JSON.stringify(colours ? OF_COLOURS : RULES)}).then((found) => found.violations.map((violation) => ({
    rule: violation.id, impact: violation.impact, help: violation.help, many: violation.nodes.length,
    places: violation.nodes.slice(0, 3).map((node) => node.target.join(' ')),
    why: violation.nodes[0]?.failureSummary ?? '',
  })))`;
  return evaluate(devtools, run, person.world);
}

// The boxes of what can be tapped below `selector`: the name, the place, and the gap to the nearest other one.
export function targets(page, selector) {
  return page.evaluate(
    ([selector, interactive]) => {
      const within = [...document.querySelectorAll(selector)];
      const all = within.flatMap((element) => [...element.querySelectorAll(interactive)]);
      const boxes = all.map((element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        const name = element.getAttribute('aria-label') || element.labels?.[0]?.innerText || element.innerText;
        return { name: (name || element.tagName).replace(/\s+/g, ' ').trim(), x, y, width, height };
      });
      const seen = boxes.filter((box) => box.width > 0 && box.height > 0 && box.x + box.width > 0 && box.y + box.height > 0);
      const apart = (a, b) => {
        const across = Math.max(0, a.x - (b.x + b.width), b.x - (a.x + a.width));
        const down = Math.max(0, a.y - (b.y + b.height), b.y - (a.y + a.height));
        return Math.hypot(across, down);
      };
      return seen.map((box) => {
        const gaps = seen.filter((other) => other !== box).map((other) => apart(box, other));
        return { ...box, gap: gaps.length ? Math.min(...gaps) : null };
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
