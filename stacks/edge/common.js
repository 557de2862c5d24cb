// What both functions know: how to find, in the key-value store, what a visitor's address shows.
//
// The Python side, which writes what is read here, is everyday/site/edge_tree.py (the tree), edge.py (a
// release's value) and rules_redirects.py (the rules). CloudFront's JavaScript is ECMAScript 5.1 with some of
// what came later, so there are no classes, destructuring, spread, default parameters, `for of` or `?.` here,
// and `await` only stands alone after `=` or `return` («async arguments and closures are not supported»).
import cf from 'cloudfront';

const store = cf.kvs();
const NAME = 9;
const ENTRY = 15;
const FAN_OUT = 64;
const HASHED = /\.[a-z2-7]{10}(?=(\.[^.\/]*)?$)/;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

// Over the encoded text: engines count the characters beyond U+FFFF differently.
function spread(path, seed) {
  const text = encodeURIComponent(path);
  let value = 2166136261 ^ seed;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 16777619);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function fingerprint(path, seed) {
  const value = spread(path, 2 * seed + 1);
  let digits = '';
  for (let shift = 24; shift >= 0; shift -= 6) {
    digits += DIGITS.charAt((value >>> shift) & 63);
  }
  return digits;
}

function slotOf(path) {
  return path.replace(/(^|\/)index\.html$/, '').replace(/\/$/, '').replace(/\.html$/, '');
}

function encoded(path) {
  return path.split('/').map(encodeURIComponent).join('/');
}

// The release that this visitor gets: the one of the preview's cookie if there is such a release, else the
// live one.
async function release(request) {
  const cookie = request.cookies && request.cookies['everyday-release'];
  let value = null;
  if (cookie && /^[A-Za-z0-9-]{1,64}$/.test(cookie.value)) {
    try {
      value = await store.get('r/' + cookie.value);
    } catch (unknown) {
      value = null;
    }
  }
  if (value === null) {
    const live = await store.get('live');
    value = live.slice(live.indexOf(' ') + 1);
  }
  const fields = value.split(' ');
  return {
    id: fields[0],
    flags: fields[1],
    seed: Number(fields[2]),
    leaves: Number(fields[3]),
    missing: fields[4],
    redirects: fields[5],
    headers: fields[6],
    names: fields[7],
  };
}

function named(names, at) {
  return names.slice(at * NAME, at * NAME + NAME);
}

async function leafOf(site, slot) {
  const at = spread(slot, 2 * site.seed) % site.leaves;
  let names = site.names;
  if (site.leaves > FAN_OUT) {
    names = await store.get(named(names, Math.floor(at / FAN_OUT)));
  }
  const leaf = await store.get(named(names, at % FAN_OUT));
  const lines = leaf.split('\n');
  return { slot: slot, pages: lines[0], rules: lines.slice(1) };
}

// The lines of the rules that are spread over several values.
async function linesOf(names) {
  let text = '';
  for (let at = 0; names !== '-' && at * NAME < names.length; at++) {
    const piece = await store.get(named(names, at));
    text += piece.slice(1);
  }
  return text ? text.split('\n') : [];
}

// Null for what is no %-encoded UTF-8.
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch (malformed) {
    return null;
  }
}

// A path as the page map has it, without its first slash; null for what no file is called.
function clean(uri) {
  const path = decoded(uri);
  if (path === null || /(^|\/)\.\.?(\/|$)/.test(path)) {
    return null;
  }
  return path.replace(/\/{2,}/g, '/').replace(/^\//, '');
}

function hashOf(site, leaf, file) {
  if (slotOf(file) !== leaf.slot) {
    return null;
  }
  const wanted = fingerprint(file, site.seed);
  for (let at = 0; at < leaf.pages.length; at += ENTRY) {
    if (leaf.pages.startsWith(wanted, at)) {
      return leaf.pages.slice(at + 5, at + ENTRY);
    }
  }
  return null;
}

function shown(file, hash) {
  return { file: file, uri: '/pages/' + encoded(file) + '/' + hash };
}

function asset(path) {
  return { file: path, uri: '/assets/' + encoded(path) };
}

// The page of a path, with the address it is to be asked for by when it is not this one: a page's relative
// references count from there. Null when there is none.
function pageOf(site, leaf, path) {
  const plain = path.replace(/\/$/, '');
  const folder = path === '' || plain !== path;
  const pretty = site.flags.includes('p');
  const tries = folder ? [] : pretty ? [path, path + '.html'] : [path];
  tries.push(plain ? plain + '/index.html' : 'index.html');
  if (folder && pretty) {
    tries.push(plain + '.html');
  }
  for (let at = 0; at < tries.length; at++) {
    const hash = hashOf(site, leaf, tries[at]);
    if (hash !== null) {
      const page = shown(tries[at], hash);
      if (at && tries[at].endsWith('/index.html')) {
        page.address = '/' + encoded(plain) + '/';
      } else if (at && folder) {
        page.address = '/' + encoded(plain);
      }
      return page;
    }
  }
  return null;
}

function matched(pattern, path) {
  const names = [];
  const source = pattern
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*|(^|\/):([A-Za-z_]\w*)/g, (all, before, name) => {
      names.push(name || 'splat');
      return name ? before + '([^/]+)' : '(.*)';
    });
  const expression = new RegExp('^' + source + '$');
  const hit = expression.exec(path) || expression.exec(path + '/');
  const values = {};
  for (let at = 0; hit && at < names.length; at++) {
    values[names[at]] = hit[at + 1].replace(/\/$/, '');
  }
  return hit && values;
}

// The fields of a line whose pattern fits a path, with what its placeholders stand for. A line begins with how
// many characters of its pattern are fixed, so that most need no regular expression.
function fitting(line, path) {
  const start = line.indexOf('\t') + 1;
  if (!(path + '/').startsWith(line.slice(start, start + parseInt(line)))) {
    return null;
  }
  const fields = line.slice(start).split('\t');
  const values = matched(fields[0], path);
  return values && { fields: fields, values: values };
}

// Takes the parameters that a rule asks for out of the query; whether they are there.
function asked(condition, request, values) {
  const parts = condition ? condition.split('&') : [];
  for (let at = 0; at < parts.length; at++) {
    const name = parts[at].slice(0, parts[at].indexOf('='));
    const wanted = parts[at].slice(name.length + 1);
    const given = request.querystring[name];
    if (!given) {
      return false;
    }
    const value = decoded(given.value.replace(/\+/g, ' '));
    if (value !== null && wanted.startsWith(':')) {
      values[wanted.slice(1)] = value;
    } else if (wanted !== value) {
      return false;
    }
  }
  return true;
}

// Whether the language that the visitor likes best is among these.
function speaks(languages, request) {
  if (!languages) {
    return true;
  }
  const header = request.headers['accept-language'];
  let best = '';
  let weight = 0;
  (header ? header.value : '').toLowerCase().split(',').forEach((part) => {
    const found = /^\s*([a-z-]+)\s*(;\s*q=([0-9.]+))?/.exec(part);
    if (found && Number(found[3] || 1) > weight) {
      weight = Number(found[3] || 1);
      best = found[1];
    }
  });
  const list = languages.split(',');
  return list.includes(best) || list.includes(best.split('-')[0]);
}

function queryOf(request) {
  const parts = [];
  for (let name in request.querystring) {
    const given = request.querystring[name];
    (given.multiValue || [given]).forEach((each) => {
      parts.push(each.value === '' ? name : name + '=' + each.value);
    });
  }
  return parts.length ? '?' + parts.join('&') : '';
}

// What visitors fill in never becomes a host: `/:id` and `/evil.example` are a path of this site.
function filled(target, values) {
  const full = target.replace(/:([A-Za-z_]\w*)/g, (all, name) => {
    return name in values ? encoded(values[name]) : all;
  });
  return target.startsWith('//') ? full : full.replace(/^\/+/, '/');
}

// What one rule does: a page to show, a redirect, or null when it comes to nothing.
async function outcome(site, request, path, rule, values) {
  const target = filled(rule[3], values);
  const status = rule[2].slice(0, 3);
  if (status === '200' || status === '404') {
    return await pageAt(site, target.split(/[?#]/)[0]);
  }
  if (clean(target.split(/[?#]/)[0]) === path) {
    return null;
  }
  const bare = target.split('#')[0];
  const query = rule[4] || bare.includes('?') ? '' : queryOf(request);
  return { status: Number(status), location: bare + query + target.slice(bare.length) };
}

async function pageAt(site, uri) {
  const path = clean(uri);
  if (path === null) {
    return null;
  }
  const leaf = await leafOf(site, slotOf(path));
  const page = pageOf(site, leaf, path);
  return page || (HASHED.test(path) ? asset(path) : null);
}

// What the owner's rules make of a request: the first that fits, and where there is a page only those with `!`.
async function ruled(site, request, path, leaf, page) {
  const plain = path.replace(/\/$/, '');
  const rules = [];
  leaf.rules.forEach((line) => {
    if (line.startsWith(plain + '\t')) {
      rules.push({ fields: line.split('\t'), values: {} });
    }
  });
  if (!page || site.flags.includes('f')) {
    const lines = await linesOf(site.redirects);
    lines.forEach((line) => {
      const found = fitting(line, plain);
      if (found) {
        rules.push(found);
      }
    });
  }
  rules.sort((one, other) => one.fields[1] - other.fields[1]);
  for (let at = 0; at < rules.length; at++) {
    const rule = rules[at].fields;
    const values = rules[at].values;
    const counts = !page || rule[2].endsWith('!');
    if (counts && asked(rule[4], request, values) && speaks(rule[5], request)) {
      const found = await outcome(site, request, path, rule, values);
      if (found) {
        return found;
      }
    }
  }
  return null;
}

function navigates(request, path) {
  const mode = request.headers['sec-fetch-mode'];
  const accept = request.headers.accept;
  const asks = mode ? mode.value === 'navigate' : accept && accept.value.includes('text/html');
  return asks && !path.slice(path.lastIndexOf('/') + 1).includes('.');
}

// What an address shows: {file, uri}, {status, location}, or {status}.
async function resolve(site, request) {
  const path = clean(request.uri);
  if (path === null) {
    return { status: 400 };
  }
  const leaf = await leafOf(site, slotOf(path));
  const page = pageOf(site, leaf, path);
  if (!page && HASHED.test(path)) {
    return asset(path);
  }
  const rule = await ruled(site, request, path, leaf, page);
  if (rule) {
    return rule;
  }
  if (page) {
    return page.address ? { status: 301, location: page.address + queryOf(request) } : page;
  }
  if (site.flags.includes('s') && navigates(request, path)) {
    const index = await pageAt(site, '/');
    if (index) {
      return index;
    }
  }
  return site.missing === '-' ? { status: 404 } : shown('404.html', site.missing);
}
