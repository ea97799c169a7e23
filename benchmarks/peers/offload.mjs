// Node's side of `benchmarks/run offload`: node offload.mjs WHAT [POOL] [--quick]; prints operations a second.
import { pbkdf2 } from 'node:crypto';
import { createReadStream, mkdtempSync, openSync, closeSync, readFile, rmSync, writeFileSync, writeSync } from 'node:fs';
import { readFile as readFilePromise } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

const what = process.argv[2];
const quick = process.argv.includes('--quick');
const FILES = 1000;
const READS = quick ? FILES : FILES * 20;
const KEYS = 4;
const TASKS = 10_000;

const directory = mkdtempSync(join(tmpdir(), 'spindle-benchmark-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

const require = createRequire(resolve('benchmarks/target/peers/x.js'));
const load = (name) => import(pathToFileURL(require.resolve(name)));

// `window` operations on the way; each that ends starts the next.
const lanes = (start, window, operations) => new Promise((done) => {
  let toStart = operations;
  let toEnd = operations;
  const next = () => { if (toStart > 0) start(--toStart, ended); };
  const ended = (error) => {
    if (error) throw error;
    next();
    if (--toEnd === 0) done(operations);
  };
  for (let i = 0; i < window; i++) next();
});

function smallFiles() {
  const paths = [];
  for (let i = 0; i < FILES; i++) {
    paths.push(join(directory, `file-${i}`));
    writeFileSync(paths[i], Buffer.alloc(1024));
  }
  return paths;
}

const key = (digest) => () => lanes(
  (i, ended) => pbkdf2(`secret${i}`, Buffer.alloc(16), 100_000, 64, digest, ended), KEYS, KEYS);

// Each returns, once it is set up, what runs a batch and returns how many operations it did.
const contenders = {
  read: () => {
    const paths = smallFiles();
    return () => lanes((i, ended) => readFile(paths[i % FILES], ended), 64, READS);
  },
  'read-promises': () => {
    const paths = smallFiles();
    return () => lanes((i, ended) => readFilePromise(paths[i % FILES]).then(() => ended(), ended), 64, READS);
  },
  stream: () => {
    const megabytes = quick ? 64 : 1024;
    const path = join(directory, 'big');
    const file = openSync(path, 'w');
    for (let i = 0; i < megabytes; i++) writeSync(file, Buffer.alloc(1 << 20));
    closeSync(file);
    return () => new Promise((done, fail) => {
      let bytes = 0;
      createReadStream(path)
        .on('data', (chunk) => { bytes += chunk.length; })
        .on('error', fail)
        .on('end', () => done(bytes >> 20));
    });
  },
  sha512: () => key('sha512'),
  sha256: () => key('sha256'),
  fibonacci: () => {
    const source = `
      const { parentPort } = require('node:worker_threads');
      const fibonacci = (n) => n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
      parentPort.on('message', (n) => parentPort.postMessage(fibonacci(n)));`;
    const workers = [1, 2].map(() => new Worker(source, { eval: true }));
    return async () => {
      await Promise.all(workers.map((worker) => new Promise((done) => {
        worker.once('message', done);
        worker.postMessage(40);
      })));
      return 2;
    };
  },
  task: async () => {
    const pool = await pools[process.argv[3]]();
    return () => lanes((i, ended) => pool().then(() => ended(), ended), 512, TASKS);
  },
  message: () => {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
      parentPort.on('message', (message) => parentPort.postMessage(message));`, { eval: true });
    const trips = 20_000;
    return () => new Promise((done) => {
      let left = trips;
      worker.removeAllListeners('message');
      worker.on('message', (message) => {
        if (--left > 0) worker.postMessage(message); else done(trips);
      });
      worker.postMessage(1);
    });
  },
  start: () => () => lanes((i, ended) => new Worker('', { eval: true }).on('exit', () => ended()), 1, quick ? 5 : 20),
};

const worker = (name, source) => {
  const path = join(directory, name);
  writeFileSync(path, source);
  return path;
};

// Pools of two workers that are all there before the first task.
const pools = {
  piscina: async () => {
    const { default: Piscina } = await load('piscina');
    const filename = worker('piscina.mjs', 'export default () => 1;');
    const pool = new Piscina({ filename, minThreads: 2, maxThreads: 2 });
    return () => pool.run(1);
  },
  tinypool: async () => {
    const { Tinypool } = await load('tinypool');
    const filename = worker('tinypool.mjs', 'export default () => 1;');
    const pool = new Tinypool({ filename, minThreads: 2, maxThreads: 2 });
    return () => pool.run(1);
  },
  poolifier: async () => {
    const { FixedThreadPool } = await load('poolifier');
    const entry = pathToFileURL(require.resolve('poolifier')).href;
    const file = worker('poolifier.mjs', `
      import * as poolifier from ${JSON.stringify(entry)};
      const { ThreadWorker } = poolifier.default ?? poolifier;
      export default new ThreadWorker(() => 1);`);
    const pool = new FixedThreadPool(2, file, { errorHandler: (error) => { throw error; } });
    return () => pool.execute(1);
  },
};

async function measure(run, seconds) {
  const rates = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || rates.length === 0) {
    const start = performance.now();
    const done = await run();
    rates.push(done * 1000 / (performance.now() - start));
  }
  rates.sort((a, b) => a - b);
  return rates[rates.length >> 1];
}

const run = await contenders[what]();
await measure(run, quick ? 0.3 : 1);
console.log(await measure(run, quick ? 0.3 : 1));
process.exit(0);
