/**
 * Schemathesis, which asks an API whatever its OpenAPI document allows, and what it does not: the one on PATH, or one that
 * pip fetches into the cache. Its document is the product's contract, so a program that nobody here wrote reads it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { findOnPath, installOnce, isPresent, runInstaller } from '../../stack/temporal/install.js';
import { packageRoot } from '../../process/package-root.js';
import { cacheDirectory } from '../../stack/xdg.js';

const version = '4.32.5';
const config = join(packageRoot(), 'tests', 'support', 'schemathesis.toml');
const hooks = join(packageRoot(), 'tests', 'support', 'schemathesis-hooks.py');
const fetchTimeoutMs = 180_000;
/** The end of what it printed, which holds its findings. */
const keptOutput = 400_000;

/** How it is called, or why there is none. */
export type Schemathesis =
  | { readonly command: string; readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv }
  | { readonly reason: string };

/** Finds or fetches it. Never throws: where it cannot be had, what it is for is left out. */
export async function obtainSchemathesis(env: NodeJS.ProcessEnv = process.env): Promise<Schemathesis> {
  const onPath = await findOnPath('schemathesis', env);
  if (onPath !== undefined) return { command: onPath, args: [], env };
  const python = await findOnPath('python3', env);
  if (python === undefined) return { reason: 'neither schemathesis nor python3 is on PATH' };
  const folder = join(cacheDirectory(env), `schemathesis-${version}`);
  try {
    if (!(await isPresent(folder))) {
      await installOnce(folder, (draft) =>
        runInstaller({
          command: python,
          args: ['-m', 'pip', 'install', '--quiet', '--target', draft, `schemathesis==${version}`],
          env,
          draft,
          timeoutMs: fetchTimeoutMs,
          onHeartbeat: () => undefined,
        }),
      );
    }
  } catch (error) {
    return { reason: `pip could not fetch schemathesis: ${String(error)}` };
  }
  return {
    command: python,
    args: ['-c', 'from schemathesis.cli import schemathesis; schemathesis()'],
    env: { ...env, PYTHONPATH: folder },
  };
}

/**
 * Runs it to its end.
 * @returns its exit code, 0 when it found nothing, and the end of what it printed
 */
export async function runSchemathesis(
  schemathesis: Exclude<Schemathesis, { reason: string }>,
  args: readonly string[],
  cwd: string,
): Promise<{ code: number | null; output: string }> {
  const { command, env } = schemathesis;
  const child = spawn(command, [...schemathesis.args, '--config-file', config, ...args], {
    cwd,
    env: { ...env, SCHEMATHESIS_HOOKS: hooks },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-keptOutput);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
