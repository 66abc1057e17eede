/**
 * The TUF conformance suite, which nobody here wrote: a certain commit of it, and the Python packages that it asks for, fetched once
 * into the cache. LEONORE_TUF_CONFORMANCE names another place to clone it from, such as a checkout on a machine without GitHub.
 */
import { join } from 'node:path';
import { findOnPath, installOnce, isPresent } from '../../../stack/temporal/install.js';
import { cacheDirectory } from '../../../stack/xdg.js';
import { cloneAt, programsFor } from '../source-installer.js';

const origin = 'https://github.com/theupdateframework/tuf-conformance';
const commit = 'eec841c186f81f2d9d8d30460c7e7deefa615f9e';
/** As its pyproject.toml at that commit has them. */
const packages = [
  'securesystemslib[crypto]==1.4.0',
  'tuf==7.0.0',
  'pytest==9.1.1',
  'pytest-json-report==1.5.0',
];
const fetchTimeoutMs = 180_000;

/** How it is called, or why there is none. */
export type ConformanceSuite =
  | { readonly python: string; readonly directory: string; readonly packages: string }
  | { readonly reason: string };

/** Finds or fetches it. Never throws: where it cannot be had, what it is for is left out. */
export async function obtainConformanceSuite(
  env: NodeJS.ProcessEnv = process.env,
): Promise<ConformanceSuite> {
  const python = await findOnPath('python3', env);
  const git = await findOnPath('git', env);
  if (python === undefined || git === undefined) return { reason: 'python3 and git are not both on PATH' };
  const folder = join(cacheDirectory(env), `tuf-conformance-${commit.slice(0, 12)}`);
  const suite = { python, directory: join(folder, 'suite'), packages: join(folder, 'packages') };
  try {
    if (await isPresent(folder)) return suite;
    await installOnce(folder, async (draft) => {
      const run = programsFor(draft, env, fetchTimeoutMs);
      await cloneAt(run, git, env['LEONORE_TUF_CONFORMANCE'] ?? origin, commit, join(draft, 'suite'));
      await run(python, '-m', 'pip', 'install', '--quiet', '--target', join(draft, 'packages'), ...packages);
    });
    return suite;
  } catch (error) {
    return { reason: `it could not be fetched: ${String(error)}` };
  }
}
