// Records how Node orders the callbacks of random programs of ticks, microtasks and immediates:
//   node src/test/node/order.mjs 300 > src/test/resources/io/spindle/loop/node-order.txt
// A line is a program and its order: "kind:parent,…|callback,…". Callback 0 is the root; callback i is queued by its
// parent when that runs; kind 0 is a tick, 1 a microtask, 2 an immediate.
const count = Number(process.argv[2]);
let state = 20_261_123;
const random = (bound) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 4_294_967_296) * bound);
};
const queues = [process.nextTick, queueMicrotask, setImmediate];

for (let program = 0; program < count; program++) {
  const size = 10 + random(40);
  const links = Array.from({ length: size - 1 }, (_, i) => [random(3), random(i + 1)]);
  const order = [];
  await new Promise((done) => {
    const callback = (id) => () => {
      order.push(id);
      links.forEach(([kind, parent], i) => { if (parent === id) queues[kind](callback(i + 1)); });
      if (order.length === size) done();
    };
    setImmediate(() => setImmediate(callback(0)));
  });
  await new Promise((next) => setImmediate(next));
  console.log(`${links.map((link) => link.join(':')).join(',')}|${order.join(',')}`);
}
