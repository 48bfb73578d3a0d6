// One person at one device: a browser context with one page, and everything that went wrong there since its beginning.

const ACTION = 5_000;
const LOADING = 30_000;

export class Person {
  static async sits(browser, { address, width, height, touch, language, theme, scripts, policy }) {
    const context = await browser.newContext({
      baseURL: address,
      viewport: { width, height },
      hasTouch: touch,
      locale: language,
      colorScheme: theme,
      javaScriptEnabled: scripts,
      bypassCSP: !policy,
      timezoneId: 'Asia/Tokyo',
    });
    context.setDefaultTimeout(ACTION);
    context.setDefaultNavigationTimeout(LOADING);
    const page = await context.newPage();
    const person = new Person(context, page, touch);
    person.knows(address);
    person.devtools = await context.newCDPSession(page);
    return person;
  }

  constructor(context, page, touch) {
    Object.assign(this, { context, page, touch, hasFingers: touch, offline: false, found: [], world: null });
    Object.assign(this, { refusals: [], origins: new Set() });
    const note = (kind, text, url = page.url()) => {
      // Without a network everything fails that needs one, and says so.
      if (!this.offline) this.found.push({ kind, text, url });
    };
    context.on('console', (message) => {
      if (message.type() !== 'error') return;
      const policy = /content security policy/i.test(message.text());
      note(policy ? 'content policy' : 'console', message.text(), message.location().url);
    });
    context.on('weberror', (error) => note('script', error.error().message));
    page.on('crash', () => note('crash', 'the page crashed'));
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (/^https?:$/.test(url.protocol) && !this.origins.has(url.origin)) note('third party', request.url());
    });
    context.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? '';
      // Whoever goes on before a page is there ends its requests.
      if (!why.includes('ERR_ABORTED')) note('request', `${why} ${request.method()} ${request.url()}`);
    });
    context.on('response', (response) => {
      if (response.status() >= 500) note('server', `${response.status()} ${response.url()}`);
      const refused = response.status() >= 400 && response.status() < 500;
      if (refused && response.request().isNavigationRequest()) this.refusals.push(response.url());
    });
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) this.world = null;
    });
  }

  // Whoever opens an address wants what is there: it is no third party.
  knows(address) {
    this.origins.add(new URL(address).origin);
  }

  // What went wrong, as it was noted.
  wrong() {
    // A page that says "not found" or "refused" is an answer; the browser notes it as an error all the same, once.
    const refusals = [...this.refusals];
    const answered = ({ kind, text, url }) => {
      const at = refusals.indexOf(url);
      if (kind !== 'console' || at < 0 || !text.includes('server responded with a status of 4')) return false;
      refusals.splice(at, 1);
      return true;
    };
    return this.found.filter((problem) => !answered(problem));
  }

  problems() {
    return this.wrong().map(({ kind, text, url }) => `${kind}: ${text} (${url})`);
  }

  // Forgets what went wrong with this text in it; how much that was.
  forgive(text) {
    const forgiven = new Set(this.wrong().filter(({ text: said, url }) => `${said} ${url}`.includes(text)));
    this.found = this.found.filter((problem) => !forgiven.has(problem));
    return forgiven.size;
  }

  // What is to be seen on the page, as one line of text; null between two pages.
  async text() {
    try {
      const text = await this.page.evaluate(() => document.body?.innerText ?? '');
      return flat(text);
    } catch {
      // Between two pages nobody can say.
      return null;
    }
  }

  // Asks again and again until the answer is yes; whether it came to that.
  async until(question) {
    const end = Date.now() + ACTION;
    for (;;) {
      if (await question()) return true;
      if (Date.now() > end) return false;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  // Where a name is looked for: the whole page, or the parts of it that are called `within`.
  place(within) {
    if (!within) return this.page;
    const roles = ['region', 'row', 'group', 'form', 'article', 'listitem', 'dialog', 'navigation', 'table', 'list'];
    const named = roles.map((role) => this.page.getByRole(role, { name: within }));
    return named.reduce((all, one) => all.or(one));
  }

  // What can be tapped and is called exactly `name`.
  target(name, within) {
    const place = this.place(within);
    const roles = ['button', 'link', 'checkbox', 'radio', 'tab', 'menuitem', 'option', 'switch'];
    const named = roles.map((role) => place.getByRole(role, { name, exact: true }));
    const summary = place.locator('summary').filter({ hasText: new RegExp(`^\\s*${escaped(name)}\\s*$`) });
    return named.reduce((all, one) => all.or(one), summary).filter({ visible: true });
  }

  // Only a device that began with fingers gets to feel them; the others click.
  async tap(target) {
    await (this.touch && this.hasFingers ? target.tap() : target.click());
  }
}

export const flat = (text) => text.replace(/\s+/g, ' ').trim();

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
