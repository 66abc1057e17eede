import { createReadStream } from 'node:fs';
import { Command } from 'commander';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import type { Plan, Resolution } from '../../domain/plan/plan.js';
import { wholeNumber } from '../arguments.js';
import type { Cli } from '../cli.js';
import { ExitCode } from '../exit-code.js';
import { bytesText, Output, printable } from '../output.js';
import { budgetSeconds, timeBudget } from '../time-budget.js';

interface ResolveOptions {
  readonly catalog: string;
  readonly gateway?: string;
  readonly plans?: number;
  /** Seconds. */
  readonly budget?: number;
  readonly allowRemove?: true;
  readonly json?: true;
}

/** `leonore resolve`: plans from files alone, without a server. Exits 3 when there is none, 4 when nobody knows. */
export function resolveCommand(cli: Cli): Command {
  const command = new Command('resolve')
    .description('find plans from a catalog file; no server needed')
    .argument('<name[@range]...>', 'what to install')
    .requiredOption('--catalog <file>', 'artifacts and possibly the gateway, YAML or JSON')
    .option('--gateway <file>', "the gateway's profile; wins over the one in the catalog")
    .option('--plans <n>', 'plans wanted', wholeNumber(1, limits.offlinePlans))
    .option(
      '--budget <time>',
      'how long to look at most, such as 10s; else a fixed amount of work',
      budgetSeconds,
    )
    .option('--allow-remove', 'newer versions may take away what was asked for before')
    .option('--json', 'print JSON, errors too');
  return command.action(async (requests: string[]) => {
    const { stdout, env } = cli.environment;
    const options = command.opts<ResolveOptions>();
    const resolution = await resolveFiles(requests, options);
    const out = new Output(stdout, options.json === true, env);
    const { planLines } = await import('../plan-tree.js');
    out.result(resolution, () => draw(out, resolution, planLines));
    cli.exitCode = exitCodes[resolution.outcome];
  });
}

const exitCodes = {
  solved: ExitCode.Done,
  unsatisfiable: ExitCode.Unsatisfiable,
  undecided: ExitCode.Undecided,
} as const;

async function resolveFiles(texts: readonly string[], options: ResolveOptions): Promise<Resolution> {
  if (texts.length > limits.offlineRequests) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `at most ${limits.offlineRequests} artifacts can be asked for at once`,
    );
  }
  // Only now: the help needs none of it.
  const { createCatalog } = await import('../../domain/resolver/create-catalog.js');
  const { resolve } = await import('../../domain/resolver/resolve.js');
  const { parseRequest } = await import('../../domain/plan/request.js');
  const { readCatalog } = await import('../../domain/resolver/read-catalog.js');
  const { readProfile } = await import('../../domain/gateway/read-profile.js');
  const requests = texts.map(parseRequest);
  const file = readCatalog(await readText(options.catalog, limits.catalogBytes), options.catalog);
  const gateway =
    options.gateway === undefined
      ? file.gateway
      : readProfile(await readText(options.gateway, limits.profileFileBytes), options.gateway);
  return resolve({
    catalog: createCatalog(file.artifacts),
    gateway,
    requests,
    ...(options.plans === undefined ? {} : { maxPlans: options.plans }),
    allowRemove: options.allowRemove === true,
    ...(options.budget === undefined ? {} : { budget: timeBudget(options.budget) }),
  });
}

/** Reads a file or a pipe, whatever its length, but no more of it than may be read. */
async function readText(path: string, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > maxBytes) break;
    }
  } catch (error) {
    throw new LeonoreError('MALFORMED_INPUT', `${path} cannot be read: ${(error as Error).message}`);
  }
  if (size > maxBytes) {
    throw new LeonoreError('TOO_LARGE', `${path} is larger than the ${bytesText(maxBytes)} that may be read`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new LeonoreError('MALFORMED_INPUT', `${path} is not UTF-8 text`);
  }
}

function draw(out: Output, { plans, explanation }: Resolution, planLines: (plan: Plan) => string[]): void {
  if (explanation !== null) out.line(printable(explanation));
  plans.forEach((plan, index) => {
    out.heading(`plan ${index + 1}`);
    for (const line of planLines(plan)) out.line(`  ${printable(line)}`);
  });
}
