/** One look at whether an application works: its check script, a connection to its port, an answer to a request. */
import { get } from 'node:http';
import { connect } from 'node:net';
import { overDiskShare } from './disk-share.js';
import { isChecked, type InstalledArtifact } from './generation.js';
import { runScript, ScriptError } from './run-script.js';
import { artifactEnvironment, scriptEnvironment, type EnvironmentFacts } from './script-environment.js';

/** Applications are asked here: what they offer to others is asked of them in the same way. */
const host = '127.0.0.1';

/** @returns what was wrong, or null; asked anew each time, because values and links may be others by then */
export type HealthProbe = (timeoutMs: number, signal: AbortSignal) => Promise<string | null>;

/** What an artifact's manifest asks for; null when it asks for nothing but staying up. */
export function healthProbe(facts: EnvironmentFacts, installed: InstalledArtifact): HealthProbe | null {
  const { name, health, limits } = installed.artifact;
  if (!isChecked(installed)) return null;
  return async (timeoutMs, signal) => {
    const { check, tcp, http } = health ?? {};
    const problem =
      (check === undefined ? null : await script(facts, installed, check, timeoutMs, signal)) ??
      (tcp === undefined ? null : await connection(tcp, timeoutMs, signal)) ??
      (http === undefined ? null : await answer(http, timeoutMs, signal)) ??
      (limits?.diskBytes === undefined
        ? null
        : await overDiskShare(facts.container.path('data', name), limits.diskBytes, signal));
    return problem === null ? null : `the check of ${name} ${problem}`;
  };
}

async function script(
  facts: EnvironmentFacts,
  { artifact, home, packageId }: InstalledArtifact,
  check: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | null> {
  const { container, launcher } = facts;
  const generation = container.current.name;
  const values = await container.readValues(generation, packageId);
  try {
    await runScript({
      launcher,
      script: container.path(home, check),
      cwd: container.path(home),
      environment: {
        ...scriptEnvironment(facts, container.packagePath(packageId), packageId, generation, values),
        ...artifactEnvironment(container, artifact, home),
      },
      timeoutMs,
      limits: artifact.limits,
      needs: artifact.needs,
      signal,
    });
    return null;
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    return error.message;
  }
}

async function connection(port: number, timeoutMs: number, signal: AbortSignal): Promise<string | null> {
  const socket = connect({ port, host, signal });
  return new Promise<string | null>((resolve) => {
    socket.setTimeout(Math.max(1, timeoutMs), () => resolve(`found port ${String(port)} silent`));
    socket.once('connect', () => resolve(null));
    socket.once('error', (error) => resolve(`found port ${String(port)} closed: ${error.message}`));
  }).finally(() => socket.destroy());
}

/** Any answer that is neither a refusal nor a failure. The body is left alone. */
async function answer(
  { port, path }: { readonly port: number; readonly path: string },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | null> {
  const what = `asked ${path} of port ${String(port)}`;
  const request = get({ host, port, path, signal, agent: false, timeout: Math.max(1, timeoutMs) });
  return new Promise<string | null>((resolve) => {
    request.once('response', ({ statusCode = 0 }) =>
      resolve(statusCode >= 200 && statusCode < 400 ? null : `${what}, and was told ${String(statusCode)}`),
    );
    request.once('timeout', () => resolve(`${what}, and was told nothing`));
    request.once('error', (error) => resolve(`${what}: ${error.message}`));
  }).finally(() => request.destroy());
}
