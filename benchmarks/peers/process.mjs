// Node's side of `benchmarks/run process`: node process.mjs WHAT [--quick]; prints the numbers that ours does.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const what = process.argv[2];
const quick = process.argv.includes('--quick');
const share = quick ? 10 : 1;
const MEGABYTE = 1 << 20;
const CHUNK = 64 * 1024;

const close = (child) => new Promise((done) => child.on('close', done));
const check = (expected, actual) => {
  if (actual !== expected) throw new Error(`expected ${expected}, got ${actual}`);
};

async function run(times, atATime) {
  let left = times;
  const lane = async () => {
    while (left-- > 0) {
      const child = spawn('true');
      child.stdin.end();
      child.stdout.resume();
      child.stderr.resume();
      await close(child);
    }
  };
  await Promise.all(Array.from({ length: atATime }, lane));
  return times;
}

async function drain(megabytes, program, ...args) {
  const child = spawn(program, args);
  let bytes = 0;
  child.stdout.on('data', (chunk) => { bytes += chunk.length; });
  await close(child);
  check(megabytes * MEGABYTE, bytes);
  return megabytes;
}

async function cat(megabytes) {
  const child = spawn('cat');
  const chunk = Buffer.alloc(CHUNK);
  let left = megabytes * MEGABYTE / CHUNK;
  const feed = () => {
    while (left > 0) {
      left--;
      if (!child.stdin.write(chunk)) { child.stdin.once('drain', feed); return; }
    }
    child.stdin.end();
  };
  let bytes = 0;
  child.stdout.on('data', (data) => { bytes += data.length; });
  feed();
  await close(child);
  check(megabytes * MEGABYTE, bytes);
  return megabytes;
}

async function lines(count) {
  const child = spawn('seq', ['1', String(count)]);
  let lines = 0;
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', () => { lines++; });
  await close(child);
  check(count, lines);
  return count;
}

const gigabyte = Math.floor(1024 / share);
const batches = {
  'drain-dd': () => drain(gigabyte, 'dd', 'if=/dev/zero', 'bs=1M', `count=${gigabyte}`, 'status=none'),
  'drain-head': () => drain(gigabyte, 'head', '-c', String(gigabyte * MEGABYTE), '/dev/zero'),
  cat: () => cat(500 / share),
  lines: () => lines(20_000_000 / share),
  one: () => run(50, 1),
  many: () => run(200, 32),
  'many-heap': () => run(16, 16),
};

async function measure(seconds) {
  const rates = [];
  const end = performance.now() + seconds * 1000;
  let total = 0;
  const before = process.cpuUsage();
  while (performance.now() < end || rates.length === 0) {
    const start = performance.now();
    const done = await batches[what]();
    total += done;
    rates.push(done * 1000 / (performance.now() - start));
  }
  const used = process.cpuUsage(before);
  rates.sort((a, b) => a - b);
  return `${rates[rates.length >> 1]} ${total * 1e6 / (used.user + used.system)}`;
}

const status = (name) => Number(readFileSync('/proc/self/status', 'utf8').match(new RegExp(`${name}:\\s+(\\d+)`))[1]);

async function hold(count) {
  await held(1, () => {}); // loads what all have in common
  const threads = status('Threads');
  const resident = status('VmRSS');
  await held(count, async () => {
    if (!quick) await new Promise((done) => setTimeout(done, 12_000)); // as long as the others
    console.log(`${status('Threads') - threads} ${(status('VmRSS') - resident) / 1024}`);
  });
}

async function held(count, look) {
  const children = Array.from({ length: count }, () => spawn('cat'));
  await Promise.all(children.map((child) => new Promise((done) => {
    child.stdout.once('data', done);
    child.stdin.write('ready\n');
  })));
  await look();
  await Promise.all(children.map((child) => {
    child.stdin.end();
    child.stdout.resume();
    return close(child);
  }));
}

// By how many milliseconds a timer of one is late, 99th percentile, while programs start.
async function stall() {
  await run(200, 32);
  const late = [];
  let last = performance.now();
  const ticker = setInterval(() => {
    const now = performance.now();
    late.push(now - last - 1);
    last = now;
  }, 1);
  await run(200, 32);
  clearInterval(ticker);
  late.sort((a, b) => a - b);
  return late[Math.floor(late.length * 99 / 100)];
}

// Milliseconds from the kill to the notice, median and 99th percentile.
async function exits(count) {
  const millis = [];
  for (let i = 0; i < 2 * count; i++) { // the first half warms up
    const child = spawn('sleep', ['100']);
    await new Promise((done) => child.once('spawn', done));
    const killed = performance.now();
    child.kill('SIGKILL');
    await new Promise((done) => child.once('exit', done));
    millis[i % count] = performance.now() - killed;
  }
  millis.sort((a, b) => a - b);
  return `${millis[count >> 1]} ${millis[Math.floor(count * 99 / 100)]}`;
}

if (what === 'hold') {
  await hold(500 / share);
} else if (what === 'stall') {
  console.log(await stall());
} else if (what === 'exit') {
  console.log(await exits(100 / share));
} else {
  const heap = what === 'many-heap' ? Buffer.alloc(1 << 30, 1) : null;
  if (what !== 'many-heap') await measure(quick ? 0.3 : 1);
  console.log(await measure(quick ? 0.3 : 1));
  if (heap !== null) check(1, heap[heap.length - 1]);
}
process.exit(0);
