import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { packageRoot } from '../process/package-root.js';

const connections = 1_500;
const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));

(most < connections ? test.skip : test)(
  'a server that takes no connection for a while loses none that came meanwhile',
  async () => {
    const script = `
      import { createServer } from 'node:net';
      import { listenOptions } from ${JSON.stringify(join(packageRoot(), 'dist/serving/listen-options.js'))};
      const server = createServer().listen(listenOptions('127.0.0.1', 0), () => console.log(server.address().port));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const sockets: Socket[] = [];
    try {
      const [port] = (await once(child.stdout, 'data')) as [Buffer];
      child.kill('SIGSTOP');
      // The kernel answers each for as long as there is room; for what is beyond this waits for ever.
      for (let n = 0; n < connections; n += 1) sockets.push(connect(Number(port), '127.0.0.1'));
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      expect(sockets.filter((socket) => socket.readyState !== 'open')).toEqual([]);
    } finally {
      for (const socket of sockets) socket.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  },
);
