// A person with a browser: `node person.mjs URL NAME` opens the page that `causeway login` names,
// confirms the code, and signs in as NAME. It ends with 1 if the provider does not agree.
const [, , start, name] = process.argv;
const cookies = new Map();

async function open(url, form) {
  const headers = { 'x-person': name };
  headers.cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join('; ');
  const body = form && new URLSearchParams(form);
  const method = form ? 'POST' : 'GET';
  const response = await fetch(url, { method, headers, body, redirect: 'manual' });
  for (const cookie of response.headers.getSetCookie()) {
    const [key, value] = cookie.split(';', 1)[0].split('=', 2);
    cookies.set(key, value);
  }
  const next = response.headers.get('location');
  return next ? open(new URL(next, url)) : { url, status: response.status, page: await response.text() };
}

let at = await open(start);
for (let forms = 0; forms < 4 && at.page.includes('<form'); forms += 1) {
  const action = at.page.match(/<form[^>]*action="([^"]*)"/)[1].replaceAll('&amp;', '&');
  const inputs = at.page.matchAll(/<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g);
  at = await open(new URL(action, at.url), [...inputs].map(([, key, value]) => [key, value]));
}
if (at.status !== 200 || !/success/i.test(at.page)) {
  console.error(`${at.status}: ${at.page.replace(/<style[^]*?<\/style>/g, '').slice(0, 400)}`);
  process.exit(1);
}
