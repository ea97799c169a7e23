// Node's side of `benchmarks/run loop`: node loop.mjs WHAT [--quick]; prints operations a second.
const what = process.argv[2];
const quick = process.argv.includes('--quick');
const BATCH = 200_000;

const chain = (queue) => () => new Promise((done) => {
  let left = BATCH * 5;
  const link = () => { if (--left > 0) queue(link); else done(BATCH * 5); };
  setImmediate(link);
});

const batches = {
  tick: chain(process.nextTick),
  microtask: chain(queueMicrotask),
  immediate: () => new Promise((done) => {
    let left = BATCH;
    const batch = () => {
      if (left <= 0) { done(BATCH); return; }
      left -= 1000;
      for (let i = 0; i < 999; i++) setImmediate(() => {});
      setImmediate(batch);
    };
    setImmediate(batch);
  }),
  timers: async () => {
    const set = new Array(1000);
    for (let lot = 0; lot < 1000; lot++) {
      for (let i = 0; i < 1000; i++) set[i] = setTimeout(() => {}, 1000 + i);
      for (let i = 0; i < 1000; i++) clearTimeout(set[i]);
    }
    return 1_000_000;
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
