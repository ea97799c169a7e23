// Node's side of `benchmarks/run process`: node process.mjs WHAT [--quick]; prints a rate.
import { spawn } from 'node:child_process';

const what = process.argv[2];
const quick = process.argv.includes('--quick');
const CHILDREN = 200;
const AT_A_TIME = 32;

const close = (child) => new Promise((done) => child.on('close', done));

const batches = {
  spawn: async () => {
    let left = CHILDREN;
    const lane = async () => {
      while (left-- > 0) {
        const child = spawn('true');
        child.stdout.resume();
        child.stderr.resume();
        await close(child);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));
    return CHILDREN;
  },
  drain: async () => {
    const megabytes = quick ? 64 : 1024;
    const child = spawn('dd', ['if=/dev/zero', 'bs=1M', `count=${megabytes}`, 'status=none']);
    let bytes = 0;
    child.stdout.on('data', (chunk) => { bytes += chunk.length; });
    await close(child);
    if (bytes / (1 << 20) !== megabytes) throw new Error(`read ${bytes} bytes`);
    return megabytes;
  },
};

async function measure(seconds) {
  const rates = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || rates.length === 0) {
    const start = performance.now();
    const done = await batches[what]();
    rates.push(done * 1000 / (performance.now() - start));
  }
  rates.sort((a, b) => a - b);
  return rates[rates.length >> 1];
}

await measure(quick ? 0.3 : 1);
console.log(await measure(quick ? 0.3 : 1));
process.exit(0);
