/** Serves load, memory and uptime of the gateway as a page on this machine. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { freemem, loadavg, totalmem, uptime } from 'node:os';
import { join } from 'node:path';

const { LEONORE_DATA, LEONORE_GATEWAY_ID, LEONORE_VALUE_PORT } = process.env;

const server = createServer((request, response) => {
  const facts = {
    gateway: LEONORE_GATEWAY_ID,
    load: loadavg()[0].toFixed(2),
    memory: `${Math.round(100 - (100 * freemem()) / totalmem())} %`,
    uptime: `${Math.round(uptime() / 3_600)} h`,
  };
  const lines = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(`${lines.join('\n')}\n`);
});
server.listen(Number(LEONORE_VALUE_PORT), '127.0.0.1', () => {
  const address = `http://127.0.0.1:${server.address().port}/`;
  // What checks whether it is up looks for it there.
  writeFileSync(join(LEONORE_DATA, 'address'), address);
  process.stdout.write(`serving ${address}\n`);
});
process.on('SIGTERM', () => server.close(() => process.exit()));
