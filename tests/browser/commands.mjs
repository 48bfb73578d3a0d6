// What a story can ask of the browser: one function for each command, given the person and the command's fields.

import { accessibility, overflow, targets } from './looking.mjs';
import { Person, flat } from './person.mjs';
import { scan } from './scanner.mjs';
import { weight } from './weight.mjs';

// As much of a page's text as is worth reading in a failed test.
const EXCERPT = 600;

// The most pixels of a picture's height.
const TALLEST = 8_000;

const visible = (locator) => locator.filter({ visible: true });

// The one element that is meant: waits for it, and says what there is where there is none, or more than one.
async function only(person, locator, what, within) {
  const place = within ? ` in "${within}"` : '';
  if (!(await person.until(async () => (await locator.count()) > 0))) {
    const names = (await targets(person.page, 'body')).map((target) => target.name);
    throw new Error(`nothing ${what}${place}; there are: ${[...new Set(names)].join(' | ')}`);
  }
  const many = await locator.count();
  if (many > 1) throw new Error(`${many} things, not one, are found where one ${what}${place}`);
  return locator;
}

function labelled(person, label, within) {
  const field = visible(person.place(within).getByLabel(label, { exact: true }));
  return only(person, field, `is to be filled in as "${label}"`, within);
}

export const commands = {
  async sit({ people, browser }, command) {
    people.set(command.who, await Person.sits(browser, command));
  },

  async leave({ people, person }, { who }) {
    const problems = person.problems();
    people.delete(who);
    await person.context.close();
    return problems;
  },

  async open({ person }, { path }) {
    if (/^https?:/.test(path)) person.knows(path);
    const response = await person.page.goto(path, { waitUntil: 'load' });
    // A one-time link hands itself in.
    if (path.includes('/setup#')) await person.page.waitForFunction(() => !document.querySelector('#link'));
    await person.page.waitForLoadState('load');
    return response?.status();
  },

  async tap({ person }, { name, within }) {
    const target = await only(person, person.target(name, within), `is to be tapped as "${name}"`, within);
    await person.tap(target);
  },

  async tap_at({ person }, { selector }) {
    await person.tap(await only(person, visible(person.page.locator(selector)), `is ${selector}`));
  },

  async enter({ person }, { label, value, within }) {
    const field = await labelled(person, label, within);
    if ((await field.evaluate((element) => element.tagName)) === 'SELECT') {
      await field.selectOption({ label: value });
    } else {
      await field.fill(value);
    }
  },

  async choose_file({ person }, { label, name, bytes }) {
    const field = await labelled(person, label);
    await field.setInputFiles({ name, mimeType: 'image/png', buffer: Buffer.from(bytes, 'base64') });
  },

  async value({ person }, { label, within }) {
    return (await labelled(person, label, within)).inputValue();
  },

  async scan({ person }, { text, ime }) {
    await person.page.waitForLoadState('load');
    await scan(person.devtools, text, ime);
  },

  async press({ person }, { key }) {
    await person.page.keyboard.press(key);
  },

  async see({ person }, { text }) {
    const wanted = flat(text);
    if (!(await person.until(async () => (await person.text())?.includes(wanted)))) {
      throw new Error(`"${wanted}" is not to be seen`);
    }
  },

  async does_not_see({ person }, { text }) {
    const unwanted = flat(text);
    await person.page.waitForLoadState('load');
    if (!(await person.until(async () => (await person.text())?.includes(unwanted) === false))) {
      throw new Error(`"${unwanted}" is to be seen`);
    }
  },

  async arrives({ person }, { path }) {
    const here = () => person.page.url().slice(new URL(person.page.url()).origin.length);
    if (!(await person.until(() => here() === path))) throw new Error(`the page is not ${path}`);
    await person.page.waitForLoadState('load');
  },

  async leaves({ person }, { path }) {
    const away = () => new URL(person.page.url()).pathname !== path;
    if (!(await person.until(away))) throw new Error(`the page is still ${path}`);
    await person.page.waitForLoadState('load');
  },

  async text({ person }) {
    await person.page.waitForLoadState('load');
    return person.text();
  },

  url: ({ person }) => person.page.url(),

  count: ({ person }, { selector }) => visible(person.page.locator(selector)).count(),

  problems: ({ person }) => person.problems(),

  forgive: ({ person }, { text }) => person.forgive(text),

  async move({ person }, { width, height, touch, theme }) {
    person.touch = touch;
    await person.page.setViewportSize({ width, height });
    await person.devtools.send('Emulation.setTouchEmulationEnabled', { enabled: touch });
    await person.page.emulateMedia({ colorScheme: theme });
  },

  axe: ({ person }) => accessibility(person),

  targets: ({ person }, { selector }) => targets(person.page, selector),

  overflow: ({ person }) => overflow(person.page),

  weight: ({ person }) => weight(person),

  async network({ person }, { there }) {
    // What fails while it is away is noted before it comes back.
    if (there) await new Promise((resolve) => setTimeout(resolve, 50));
    await person.context.setOffline(!there);
    person.offline = !there;
  },

  // A device of his own that makes and shows passkeys, and on which he has just shown who he is, or will not.
  async authenticator({ person }, { verified }) {
    const ask = (method, parameters) => person.devtools.send(`WebAuthn.${method}`, parameters);
    if (!person.authenticator) {
      await ask('enable');
      const options = {
        protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
        isUserVerified: true, automaticPresenceSimulation: true,
      };
      person.authenticator = (await ask('addVirtualAuthenticator', { options })).authenticatorId;
    }
    await ask('setUserVerified', { authenticatorId: person.authenticator, isUserVerified: verified });
  },

  async screenshot({ person }, { file, whole }) {
    await photograph(person.page, file, whole);
  },

  run: ({ person }, { script }) => person.page.evaluate(script),

  // A story found something wrong by itself: the answer says where.
  async fail(_, { why }) {
    throw new Error(why);
  },
};

// Where a person is when something failed, for whoever reads why.
export async function state(person, picture) {
  if (!person) return {};
  const text = (await person.text()) ?? '';
  const shown = text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
  let taken = null;
  if (picture) {
    taken = await photograph(person.page, picture, true).then(() => picture, () => null);
  }
  return { url: person.page.url(), text: shown, picture: taken };
}

// A page can be longer than any picture; then its beginning is taken.
async function photograph(page, file, whole) {
  const { width } = page.viewportSize();
  const height = await page.evaluate(() => document.scrollingElement.scrollHeight);
  const clip = whole && height > TALLEST ? { x: 0, y: 0, width, height: TALLEST } : undefined;
  await page.screenshot({ path: file, fullPage: whole, clip, animations: 'disabled', timeout: 30_000 });
}
