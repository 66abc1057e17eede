/**
 * A process of the floor: a static file server for one file, as quick as Node.js makes one. The file lies in memory
 * and each answer is one write from there. It speaks no more of the device API than a download needs.
 *
 * Arguments: path of the file, its digest. Its address goes to the parent over IPC.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { devicePaths } from '../../domain/agent-protocol/messages.js';

const [file = '', digest = ''] = process.argv.slice(2);
const content = readFileSync(file);
const path = `${devicePaths.packages}/${digest}`;
const headers = {
  etag: `"${digest}"`,
  'accept-ranges': 'bytes',
  'content-type': 'application/gzip',
  'content-length': content.length,
};

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  if (request.url !== path) response.writeHead(404).end();
  else response.writeHead(200, headers).end(content);
});
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
