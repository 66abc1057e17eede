import { readFile, stat } from 'node:fs/promises';
import { Command } from 'commander';
import { LeonoreError } from '../../domain/errors.js';
import { readProfile } from '../../domain/gateway/read-profile.js';
import { limits } from '../../domain/limits.js';
import { parseRequest } from '../../domain/plan/request.js';
import type { Resolution } from '../../domain/plan/plan.js';
import { createCatalog } from '../../domain/resolver/create-catalog.js';
import { readCatalog } from '../../domain/resolver/read-catalog.js';
import { defaultPlans, resolve } from '../../domain/resolver/resolve.js';
import { wholeNumber } from '../arguments.js';
import type { Cli } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import { Output, printable } from '../output.js';
import { planLines } from '../plan-tree.js';

interface ResolveOptions {
  readonly catalog: string;
  readonly gateway?: string;
  readonly plans: number;
  readonly json?: true;
}

/** `leonore resolve`: plans from files alone, without a server. Exits 3 when there is none. */
export function resolveCommand(cli: Cli): Command {
  const command = new Command('resolve')
    .description('find plans from a catalog file; no server needed')
    .argument('<name[@range]...>', 'what to install')
    .requiredOption('--catalog <file>', 'artifacts and possibly the gateway, YAML or JSON')
    .option('--gateway <file>', "the gateway's profile; wins over the one in the catalog")
    .option('--plans <n>', 'plans wanted', wholeNumber(1, limits.plans), defaultPlans)
    .option('--json', 'print JSON, errors too');
  return command.action(async (requests: string[]) => {
    const { stdout, env } = cli.environment;
    const options = command.opts<ResolveOptions>();
    const resolution = await resolveFiles(requests, options);
    const out = new Output(stdout, options.json === true, env);
    out.result(resolution, () => draw(out, resolution));
    if (resolution.plans.length === 0) cli.exitCode = ExitCode.Unsatisfiable;
  });
}

async function resolveFiles(texts: readonly string[], options: ResolveOptions): Promise<Resolution> {
  if (texts.length > limits.requests) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `at most ${limits.requests} artifacts can be asked for at once`,
    );
  }
  const requests = texts.map(parseRequest);
  const file = readCatalog(await readText(options.catalog, limits.catalogBytes), options.catalog);
  const gateway =
    options.gateway === undefined
      ? (file.gateway ?? null)
      : readProfile(await readText(options.gateway, limits.profileBytes), options.gateway);
  return resolve({ catalog: createCatalog(file.artifacts), gateway, requests, maxPlans: options.plans });
}

/** Reads a file, but not one that would be refused for its size anyway. */
async function readText(path: string, maxBytes: number): Promise<string> {
  let bytes: Buffer;
  try {
    const { size } = await stat(path);
    if (size > maxBytes) {
      throw new LeonoreError('TOO_LARGE', `${path} has ${size} bytes; at most ${maxBytes} may be read`);
    }
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof LeonoreError) throw error;
    throw new LeonoreError('MALFORMED_INPUT', `${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new LeonoreError('MALFORMED_INPUT', `${path} is not UTF-8 text`);
  }
}

function draw(out: Output, { plans, explanation }: Resolution): void {
  if (explanation !== null) out.line(printable(explanation));
  plans.forEach((plan, index) => {
    out.heading(`plan ${index + 1}`);
    for (const line of planLines(plan)) out.line(`  ${printable(line)}`);
  });
}
