// After the cache: which release answered, the owner's headers, and 404 for the page that says so. CloudFront runs
// this for what the origin answered with less than 400, also when it comes from the cache («Restrictions on all
// edge functions»; «CloudFront Functions event structure», Status code and body).
//
// AWS says that `request` is what the visitor sent, and does not say whether it shows what the other function
// made of it: when it does, the file stands in a header of ours, else it is looked up again.
async function fileOf(site, request) {
  const told = request.headers['x-everyday-file'];
  if (told) {
    return decodeURIComponent(told.value);
  }
  const key = /^\/pages\/(.+)\/[a-z2-7]{10}$/.exec(request.uri);
  if (key) {
    return decodeURIComponent(key[1]);
  }
  const found = await resolve(site, request);
  return found.file || '';
}

// All the paths that a rule about this file may name.
function addresses(file) {
  const all = [file, file.replace(HASHED, '')];
  if (file.endsWith('.html')) {
    all.push(slotOf(file));
  }
  return all;
}

async function handler(event) {
  const response = event.response;
  for (let name in response.headers) {
    if (name.startsWith('x-amz-')) {
      delete response.headers[name];
    }
  }
  try {
    const site = await release(event.request);
    const file = await fileOf(site, event.request);
    response.headers['x-everyday-release'] = { value: site.id };
    if (response.statusCode === 200 && /(^|\/)404\.html$/.test(file)) {
      response.statusCode = 404;
      response.statusDescription = 'Not Found';
    }
    const paths = addresses(file);
    const lines = await linesOf(site.headers);
    lines.forEach((line) => {
      for (let at = 0; at < paths.length; at++) {
        const found = fitting(line, paths[at]);
        if (found) {
          found.fields.slice(1).forEach((field) => {
            const colon = field.indexOf(':');
            response.headers[field.slice(0, colon)] = { value: field.slice(colon + 1) };
          });
          return;
        }
      }
    });
  } catch (unread) {
    // The store did not answer; what the cache or the bucket had is still right.
  }
  return response;
}
