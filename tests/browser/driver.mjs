// Drives Chromium for the browser stories. Reads one command a line as JSON and answers each with one line of JSON, one
// after the other; ends, with the browser, when there is nothing more to read. The commands stand in `commands.mjs`.

import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { commands, state } from './commands.mjs';

// A command that hangs must fail the story, not the run.
const LIMIT = 120_000;

const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
  // Nothing may be asked of another machine, whatever a page wants.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

// Playwright colours what it says.
const plain = (text) => text.replace(/\x1b\[\d*m/g, '');

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

async function answer(people, browser, command) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer after ${LIMIT / 1000} s`)), LIMIT);
  });
  try {
    const work = commands[command.do];
    if (!work) throw new Error(`there is no command ${command.do}`);
    const value = await Promise.race([work({ people, browser, person: people.get(command.who) }, command), late]);
    return { value: value ?? null };
  } catch (error) {
    return { error: plain(error.message), ...(await state(people.get(command.who), command.picture)) };
  } finally {
    clearTimeout(timer);
  }
}

try {
  const browser = await chromium.launch({
    executablePath: process.env.BAIYO_CHROMIUM || '/usr/bin/chromium',
    args: ARGUMENTS,
  });
  say({ value: browser.version() });
  const people = new Map();
  for await (const line of createInterface({ input: process.stdin })) {
    say(await answer(people, browser, JSON.parse(line)));
  }
  await browser.close();
} catch (error) {
  say({ error: error.message });
}
process.exit(0);
