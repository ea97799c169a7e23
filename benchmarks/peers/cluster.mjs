// Node's side of `benchmarks/run cluster`: node cluster.mjs keepalive|connect rr|none [--quick]; prints requests a second.
import cluster from 'node:cluster';
import http from 'node:http';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const [what, policy] = process.argv.slice(2);
const seconds = process.argv.includes('--quick') ? 1 : 5;

if (cluster.isPrimary) {
  cluster.schedulingPolicy = policy === 'rr' ? cluster.SCHED_RR : cluster.SCHED_NONE;
  const port = await new Promise((done) => {
    let listening = 0;
    cluster.on('listening', (worker, address) => { if (++listening === 2) done(address.port); });
    cluster.fork();
    cluster.fork();
  });
  const wrk = async () => {
    const close = what === 'connect' ? ['-H', 'Connection: close'] : [];
    const { stdout } = await promisify(execFile)(
      'wrk', ['-t1', '-c64', `-d${seconds}s`, ...close, `http://127.0.0.1:${port}/`]);
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
  };
  await wrk();
  console.log(await wrk());
  process.exit(0);
} else {
  http.createServer((request, response) => response.end('hello world')).listen(0, '127.0.0.1');
}
