/**
 * One agent a root directory. The lock is a socket in Linux's abstract name space: it is taken atomically, leaves no
 * file, and is gone with the process however that ends, so it can never be stale.
 */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';
import { LeonoreError } from '../../domain/errors.js';
import { hasCode } from './system-error.js';

export interface InstanceLock {
  release(): Promise<void>;
}

/** @throws LeonoreError MALFORMED_INPUT when another agent has the root */
export async function lockRoot(root: string): Promise<InstanceLock> {
  const name = createHash('sha256')
    .update(await realpath(root))
    .digest('hex');
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: `\0leonore-agent-${name}` }, resolve);
    });
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) {
      throw new LeonoreError('MALFORMED_INPUT', `Another agent is running on ${root}.`);
    }
    throw error;
  }
  // The lock alone must not keep the process alive.
  server.unref();
  return {
    release: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
