// A scanner that types, as those do which pass for a keyboard: a burst of keys a few milliseconds apart, closed by
// Enter. Its keys are those of an American keyboard, whatever layout the tablet is set to.

// Keys that write something else with Shift, and what.
const PAIRS = {
  Minus: '-_', Equal: '=+', BracketLeft: '[{', BracketRight: ']}', Backslash: '\\|', Semicolon: ';:', Quote: '\'"',
  Comma: ',<', Period: '.>', Slash: '/?', Backquote: '`~', Space: '  ',
  Digit1: '1!', Digit2: '2@', Digit3: '3#', Digit4: '4$', Digit5: '5%', Digit6: '6^', Digit7: '7&', Digit8: '8*',
  Digit9: '9(', Digit0: '0)',
};
const OEM = {
  Minus: 189, Equal: 187, BracketLeft: 219, BracketRight: 221, Backslash: 220, Semicolon: 186, Quote: 222,
  Comma: 188, Period: 190, Slash: 191, Backquote: 192, Space: 32,
};

function keyFor(character) {
  if (/[a-z]/i.test(character)) {
    const capital = character.toUpperCase();
    return { code: `Key${capital}`, shift: character === capital, virtual: capital.charCodeAt(0) };
  }
  for (const [code, pair] of Object.entries(PAIRS)) {
    const at = pair.indexOf(character);
    if (at >= 0) return { code, shift: at === 1, virtual: OEM[code] ?? pair.charCodeAt(0) };
  }
  throw new Error(`a scanner has no key for ${JSON.stringify(character)}`);
}

const SHIFT = 8;

// What an input method takes for itself: the page learns only which key it was.
const swallowed = (code) => ({ key: 'Process', code, windowsVirtualKeyCode: 229 });

// Types `text` and Enter. With `ime`, a Japanese input method is on and takes every key.
export async function scan(devtools, text, ime) {
  const sent = [];
  // None waits for the one before: they arrive in this order, and as fast as a scanner's.
  const send = (type, key, modifiers = 0) =>
    sent.push(devtools.send('Input.dispatchKeyEvent', { type, modifiers, ...key }));
  const stroke = (key, writes, modifiers = 0) => {
    const down = ime ? ['rawKeyDown', swallowed(key.code)] : ['keyDown', { ...key, text: writes }];
    send(...down, modifiers);
    send('keyUp', ime ? swallowed(key.code) : key, modifiers);
  };
  const shifting = { key: 'Shift', code: 'ShiftLeft', windowsVirtualKeyCode: 16 };
  for (const character of text) {
    const { code, shift, virtual } = keyFor(character);
    if (shift) send('rawKeyDown', shifting, SHIFT);
    stroke({ key: character, code, windowsVirtualKeyCode: virtual }, character, shift ? SHIFT : 0);
    if (shift) send('keyUp', shifting);
  }
  stroke({ key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 }, '\r');
  await Promise.all(sent);
}
