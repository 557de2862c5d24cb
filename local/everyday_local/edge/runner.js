// Runs CloudFront Functions for the local edge, one after the other. A line in, lines out:
//
//   <- {"code": "...", "event": {...}}     -> {"returned": {...}} or {"error": "..."}, which ends the call
//                                          -> {"method": "get", "key": "live"}: the key-value store is asked,
//   <- {"value": "..."} or {"error": "..."}       and answers
//
// The code sees what CloudFront's runtime 2.0 has and nothing of Node: a context of its own without timers,
// network, files, `eval` and `new Function`. Whoever started this ends it when a call takes too long.
'use strict';
const vm = require('node:vm');
const readline = require('node:readline');
const crypto = require('node:crypto');
const querystring = require('node:querystring');

const MILLISECONDS = 3000; // by the wall, of a machine that may be busy
const functions = new Map();
const reads = [];

function say(document) {
  process.stdout.write(JSON.stringify(document) + '\n');
}

function ask(method, key) {
  return new Promise((resolve, reject) => {
    reads.push({ resolve, reject });
    say({ method, key: String(key) });
  });
}

function kvs() {
  return {
    get: (key, options) =>
      ask('get', key).then((value) => (options && options.format === 'json' ? JSON.parse(value) : value)),
    exists: (key) => ask('exists', key),
  };
}

const modules = { cloudfront: { kvs }, crypto, querystring, buffer: { Buffer } };

function required(name) {
  if (!Object.hasOwn(modules, name)) {
    throw new Error(`CloudFront has no module ${name}`);
  }
  return modules[name];
}

function load(code) {
  if (!functions.has(code)) {
    const globals = vm.createContext(
      { require: required, console: { log() {} }, Buffer },
      { codeGeneration: { strings: false, wasm: false } },
    );
    const plain = code.replace(/^\s*import\s+(\w+)\s+from\s+['"](\w+)['"]/gm, "const $1 = require('$2')");
    new vm.Script(plain).runInContext(globals, { timeout: MILLISECONDS });
    functions.set(code, globals);
  }
  return functions.get(code);
}

async function run({ code, event }) {
  try {
    const globals = load(code);
    globals.event = JSON.stringify(event);
    const call = new vm.Script('handler(JSON.parse(event))');
    say({ returned: await call.runInContext(globals, { timeout: MILLISECONDS }) });
  } catch (error) {
    say({ error: String((error && error.stack) || error) });
  }
}

function told({ value, error }) {
  const read = reads.shift();
  if (error) {
    read.reject(new Error(error));
  } else {
    read.resolve(value);
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line);
  if (message.code === undefined) {
    told(message);
  } else {
    run(message);
  }
});
