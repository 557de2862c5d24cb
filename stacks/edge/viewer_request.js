// Before the cache: an address becomes the key of what it shows in the live release, so a cached object is never
// an old one. `/_release/ID` shows a release that is not live to who asks for it; `/_release/live` ends that.
const WORDS = {
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  404: 'Not Found',
  503: 'Service Unavailable',
};

function reply(status, headers) {
  const response = {
    statusCode: status,
    statusDescription: WORDS[status],
    headers: { 'cache-control': { value: 'no-cache' } },
  };
  for (let name in headers) {
    response.headers[name] = { value: headers[name] };
  }
  if (status >= 400) {
    response.headers['content-type'] = { value: 'text/plain; charset=utf-8' };
    response.body = { encoding: 'text', data: status + ' ' + WORDS[status] + '\n' };
  }
  return response;
}

async function choose(id) {
  if (id !== 'live') {
    const known = await store.exists('r/' + id);
    if (!known) {
      return reply(404, {});
    }
  }
  const response = reply(302, { location: '/' });
  const rest = 'Path=/; HttpOnly; Secure; SameSite=Lax';
  response.cookies = {
    'everyday-release': id === 'live' ? { value: '', attributes: rest + '; Max-Age=0' } : { value: id, attributes: rest },
  };
  return response;
}

async function handler(event) {
  const request = event.request;
  try {
    const preview = /^\/_release\/([A-Za-z0-9-]{1,64})$/.exec(request.uri);
    if (preview) {
      return await choose(preview[1]);
    }
    const site = await release(request);
    const found = await resolve(site, request);
    if (!found.uri) {
      const response = reply(found.status, { 'x-everyday-release': site.id });
      if (found.location) {
        response.headers.location = { value: found.location };
      }
      return response;
    }
    request.uri = found.uri;
    request.headers['x-everyday-file'] = { value: encodeURIComponent(found.file) };
    return request;
  } catch (unread) {
    // The store did not answer, or has not yet heard of all of a release. What is named by its content can be
    // shown without it; for anything else there is no answer that is surely right.
    const path = clean(request.uri);
    if (path !== null && HASHED.test(path)) {
      request.uri = asset(path).uri;
      return request;
    }
    return reply(503, { 'retry-after': '1' });
  }
}
