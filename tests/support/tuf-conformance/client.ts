/**
 * The gateway's judgement of metadata behind the command line that the TUF conformance suite calls: `init`, `refresh`, `download`. There is
 * nothing to download: what a gateway installs is a package, held against statements. So the last learns who may sign, and fails.
 *
 *   --metadata-dir DIR [--metadata-url URL] init ROOT | refresh | download
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { metadataBytes, readMetadata, type RoleName } from '../../../domain/trust/metadata.js';
import {
  currentTargets,
  pinRoot,
  withRoot,
  withSnapshot,
  withTargets,
  withTimestamp,
  type TrustedMetadata,
} from '../../../domain/trust/trusted-metadata.js';
import { verifier } from '../../../trust/ed25519.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    'metadata-dir': { type: 'string' },
    'metadata-url': { type: 'string' },
    'target-name': { type: 'string', multiple: true },
    'target-dir': { type: 'string' },
    'target-base-url': { type: 'string' },
  },
});
const [verb, file = ''] = positionals;
const path = (role: RoleName): string => join(String(values['metadata-dir']), `${role}.json`);
/** As faketime says it, beside this file: `2026-11-27 03:00:00+00:00`. */
const time = process.env['CONFORMANCE_TIME'];
const nowMs = time === undefined ? Date.now() : Date.parse(time.replace(' ', 'T'));
const mostRoots = 256;

async function kept(role: RoleName): Promise<string | null> {
  return readFile(path(role), 'utf8').catch(() => null);
}

async function fetchFile(name: string): Promise<string | null> {
  const response = await fetch(`${String(values['metadata-url']).replace(/\/+$/, '')}/${name}`);
  if (response.status === 404 || response.status === 403) return null;
  if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
  const text = await response.text();
  if (text.length > metadataBytes) throw new Error(`${name} is too large`);
  return text;
}

async function needed(name: string): Promise<string> {
  const text = await fetchFile(name);
  if (text === null) throw new Error(`${name} is missing`);
  return text;
}

async function known(): Promise<TrustedMetadata> {
  const read = async <T>(role: RoleName, parse: (text: string) => T): Promise<T | null> => {
    const text = await kept(role);
    return text === null ? null : parse(text);
  };
  return {
    ...pinRoot((await kept('root')) ?? '', verifier),
    timestamp: await read('timestamp', (text) => readMetadata('timestamp', text)),
    snapshot: await read('snapshot', (text) => readMetadata('snapshot', text)),
    targets: await read('targets', (text) => readMetadata('targets', text)),
  };
}

/** The way of agent/trust/gateway-trust.ts, with the machine's clock. */
async function refresh(): Promise<void> {
  let trusted = await known();
  for (let followed = 0; followed < mostRoots; followed += 1) {
    const next = await fetchFile(`${trusted.root.signed.version + 1}.root.json`);
    if (next === null) break;
    trusted = withRoot(trusted, next, verifier);
    await writeFile(path('root'), next);
  }
  const timestamp = await needed('timestamp.json');
  const before = trusted.timestamp;
  trusted = withTimestamp(trusted, timestamp, nowMs, verifier);
  if (trusted.timestamp !== before) await writeFile(path('timestamp'), timestamp);
  const snapshotVersion = trusted.timestamp?.signed.meta['snapshot.json'].version ?? 0;
  if (trusted.snapshot?.signed.version !== snapshotVersion) {
    const snapshot = await needed(`${snapshotVersion}.snapshot.json`);
    trusted = withSnapshot(trusted, snapshot, nowMs, verifier);
    await writeFile(path('snapshot'), snapshot);
  }
  const targetsVersion = trusted.snapshot?.signed.meta['targets.json'].version ?? 0;
  if (trusted.targets?.signed.version !== targetsVersion) {
    const targets = await needed(`${targetsVersion}.targets.json`);
    trusted = withTargets(trusted, targets, nowMs, verifier);
    await writeFile(path('targets'), targets);
  }
  currentTargets(trusted, nowMs);
}

try {
  if (verb === 'init') await writeFile(path('root'), await readFile(file));
  else await refresh();
  if (verb === 'download') throw new Error('there is nothing to download');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
