/**
 * Files that the agent's memory is in. Each carries a checksum and may have a second copy beside it, so a file that a
 * disk has damaged is noticed and made good, not believed and not fatal.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isMissing, writeFileAtomic } from './atomic-file.js';

export interface StateFileOptions {
  /** Whether a second copy is kept: for what cannot be learned again from anybody. */
  readonly copied: boolean;
}

const copyOf = (path: string): string => `${path}.copy`;

/** Writes a value as JSON with its checksum on the next line. */
export async function writeStateFile(path: string, value: unknown, options: StateFileOptions): Promise<void> {
  const json = JSON.stringify(value);
  const content = `${json}\n${checksum(json)}\n`;
  await writeFileAtomic(path, content);
  if (options.copied) await writeFileAtomic(copyOf(path), content);
}

/** Reads what writeStateFile wrote, from whichever copy is sound; undefined when there is none. */
export async function readStateFile(path: string): Promise<unknown> {
  return (await readSound(path)) ?? (await readSound(copyOf(path)));
}

async function readSound(path: string): Promise<unknown> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const [json = '', sum] = content.split('\n');
  // Without a checksum it is of an earlier version of the agent.
  if (sum !== undefined && sum !== '' && sum !== checksum(json)) return undefined;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

function checksum(json: string): string {
  return createHash('sha256').update(json).digest('hex');
}
