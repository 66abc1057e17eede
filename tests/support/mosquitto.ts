/** Debian's Mosquitto, where its packages can be had. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../stack/free-port.js';
import { obtainPackages } from '../../testbed/clients/debian-packages.js';

const run = promisify(execFile);
/** The broker and what Debian's base system has not. */
const packages = 'mosquitto libmosquitto1 libcjson1 libdlt2 libwebsockets17 libev4 libuv1 libwrap0'.split(
  ' ',
);

/** @returns null where it is neither installed nor to be had */
export async function obtainMosquitto(): Promise<{ program: string; libraries: string } | null> {
  const unpacked = await obtainPackages('mosquitto', packages);
  if (unpacked === null) return null;
  const { root, libraries } = unpacked;
  const program = join(root, 'usr', 'sbin', 'mosquitto');
  // It prints its help and ends with 3.
  const { code } = await run(program, ['-h'], { env: { LD_LIBRARY_PATH: libraries } }).then(
    () => ({ code: 0 }),
    (error: unknown) => error as { readonly code: unknown },
  );
  return code === 0 || code === 3 ? { program, libraries } : null;
}

export interface Mosquitto {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts it with some lines of configuration; its users are believed, and what they may is what the ACL file says. */
export async function startMosquitto(
  { program, libraries }: { readonly program: string; readonly libraries: string },
  directory: string,
  aclFile: string,
): Promise<Mosquitto> {
  const port = await freePort();
  const configuration = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    `acl_file ${aclFile}`,
    'message_size_limit 262144',
    'user root',
  ];
  const path = join(directory, 'mosquitto.conf');
  await writeFile(path, `${configuration.join('\n')}\n`);
  const child: ChildProcess = spawn(program, ['-c', path], {
    env: { LD_LIBRARY_PATH: libraries },
    stdio: 'ignore',
  });
  await reachable(port);
  return {
    url: `mqtt://leonore@127.0.0.1:${port}`,
    async stop() {
      const exit = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGTERM')) await exit;
    },
  };
}

async function reachable(port: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    if (attempt === 200) throw new Error('mosquitto does not listen');
    await delay(50);
  }
}
