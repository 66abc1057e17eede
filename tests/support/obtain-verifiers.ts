/**
 * Tools beside openssl by which the BusyBox agent verifies Ed25519: signify as Debian packages it, and OpenWrt's usign, built
 * from a certain commit of its sources. Each is fetched once into the cache; where one cannot be had, it is said why.
 * LEONORE_USIGN names another place to clone usign from, such as a checkout on a machine without GitHub.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findOnPath, installOnce, isPresent } from '../../stack/temporal/install.js';
import { cacheDirectory } from '../../stack/xdg.js';
import { obtainPackages } from '../../testbed/clients/debian-packages.js';
import { cloneAt, programsFor } from './source-installer.js';

const usignOrigin = 'https://github.com/openwrt/usign';
const usignCommit = 'c4c72b1b07945ee192361dc751291a7c98d6adcd';
const buildTimeoutMs = 60_000;

export interface Verifier {
  readonly name: string;
  readonly path: string;
  /** For LD_LIBRARY_PATH; empty where it needs none of its own. */
  readonly libraries: string;
}

/** Those that can be had. Never throws. */
export async function obtainVerifiers(): Promise<Verifier[]> {
  const found = await Promise.all([obtainSignify(), obtainUsign()]);
  return found.filter((one) => one !== null);
}

async function obtainSignify(): Promise<Verifier | null> {
  const name = 'signify-openbsd';
  const packages = await obtainPackages(name, [name, 'libbsd0', 'libmd0']);
  if (packages !== null)
    return { name, path: join(packages.root, 'bin', name), libraries: packages.libraries };
  process.stderr.write("skipped: signatures by signify: Debian's package cannot be had\n");
  return null;
}

async function obtainUsign(env: NodeJS.ProcessEnv = process.env): Promise<Verifier | null> {
  const folder = join(cacheDirectory(env), `usign-${usignCommit.slice(0, 12)}`);
  const usign = { name: 'usign', path: join(folder, 'usign'), libraries: '' };
  try {
    if (!(await isPresent(folder))) await installOnce(folder, (draft) => buildUsign(draft, env));
    return usign;
  } catch (error) {
    process.stderr.write(`skipped: signatures by usign: ${String(error)}\n`);
    return null;
  }
}

async function buildUsign(draft: string, env: NodeJS.ProcessEnv): Promise<void> {
  const [git, compiler] = await Promise.all([findOnPath('git', env), findOnPath('cc', env)]);
  if (git === undefined || compiler === undefined) throw new Error('git and cc are not both on PATH');
  const run = programsFor(draft, env, buildTimeoutMs);
  const sources = join(draft, 'sources');
  await cloneAt(run, git, env['LEONORE_USIGN'] ?? usignOrigin, usignCommit, sources);
  const files = (await readdir(sources)).filter((name) => name.endsWith('.c'));
  await run(compiler, '-O2', '-o', join(draft, 'usign'), ...files.map((name) => join(sources, name)));
}
