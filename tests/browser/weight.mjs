// What a page weighs on its way: all that is fetched to show it for the first time, in bytes.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

// Loads the page once more, with nothing kept from before. `compressed` is what a server in front would send that
// compresses whatever it may; where the answer came compressed already, it is what came.
export async function weight({ page, devtools }) {
  const responses = [];
  const note = (response) => responses.push(response);
  await devtools.send('Network.enable');
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  page.on('response', note);
  try {
    await page.reload({ waitUntil: 'load' });
  } finally {
    page.off('response', note);
    await devtools.send('Network.setCacheDisabled', { cacheDisabled: false });
  }
  const sum = { transferred: 0, compressed: 0 };
  for (const response of responses.filter(isWhole)) {
    const body = await response.body();
    const came = response.headers()['content-encoding']
      ? (await response.request().sizes()).responseBodySize
      : body.length;
    sum.transferred += came;
    sum.compressed += Math.min(came, (await compress(body)).length);
  }
  return sum;
}

// A redirect has no body, and a stream of events no end.
function isWhole(response) {
  const events = (response.headers()['content-type'] ?? '').startsWith('text/event-stream');
  const redirect = response.status() >= 300 && response.status() < 400;
  return /^https?:/.test(response.url()) && !events && !redirect;
}
