// What a page weighs on its way: all that is fetched to show it for the first time, in bytes.

// Loads the page once more, with nothing kept from before: what came over the wire, and what it was of.
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
  const sum = { transferred: 0, plain: 0 };
  for (const response of responses.filter(isWhole)) {
    let plain;
    try {
      plain = (await response.body()).length;
    } catch (error) {
      // A picture that the page before was still waiting for came as well: it is none of this page's.
      if (/navigated away/.test(String(error))) continue;
      throw error;
    }
    sum.transferred += (await response.request().sizes()).responseBodySize;
    sum.plain += plain;
  }
  return sum;
}

// A redirect has no body, and a stream of events no end.
function isWhole(response) {
  const events = (response.headers()['content-type'] ?? '').startsWith('text/event-stream');
  const redirect = response.status() >= 300 && response.status() < 400;
  return /^https?:/.test(response.url()) && !events && !redirect;
}
