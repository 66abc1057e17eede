import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { strategyNames } from '../../domain/balancer/strategies.js';
import { LeonoreError } from '../../domain/errors.js';
import { defaultDataDir } from '../../stack/state-file.js';
import type { Stack } from '../../stack/start-stack.js';
import { readContexts, withStack, writeContexts } from '../contexts.js';

interface UpOptions {
  readonly data: string;
  readonly port?: number;
  readonly nodes: number;
  readonly maxNodes?: number;
  readonly balancer?: string;
  readonly threshold?: number;
  readonly settle?: number;
  readonly tls?: true;
  readonly json?: true;
}

/** More nodes than this on one machine only take memory from each other. */
const mostNodes = 16;

/** `leonore up`: the embedded stack in the foreground, until Ctrl-C. */
export function upCommand(): Command {
  return new Command('up')
    .description('run PostgreSQL, Temporal, api, coordinator and nodes on this machine, until Ctrl-C')
    .option('--data <dir>', 'where everything is kept', defaultDataDir())
    .option(
      '--port <n>',
      'port of the API (default: the same as before, or a free one)',
      wholeNumber(1, 65_535),
    )
    .option('--nodes <k>', 'nodes that there are at least', wholeNumber(0, mostNodes), 1)
    .option(
      '--max-nodes <k>',
      'nodes that may be launched when all are full (default: none is)',
      wholeNumber(1, mostNodes),
    )
    .addOption(
      new Option('--balancer <strategy>', 'how a node is chosen for a gateway (default: load)').choices(
        strategyNames,
      ),
    )
    .option('--threshold <n>', 'gateways that fill a node (default: 500)', wholeNumber(1, 1_000_000))
    .option(
      '--settle <s>',
      'seconds for which the load must be low before a launched node goes (default: 60)',
      wholeNumber(0, 86_400),
    )
    .option('--tls', 'serve over TLS, certified by an authority that is made at the first start')
    .option('--json', 'print one JSON object a line')
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  if (options.maxNodes !== undefined && options.maxNodes < options.nodes)
    throw new LeonoreError('MALFORMED_INPUT', '--max-nodes must not be less than --nodes');
  const say = speaker(options.json === true);
  const interrupted = new AbortController();
  // A second signal changes nothing: the stop is bounded, and cut short it would leave work to the guards.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupted.abort());

  const stack = await startUnlessInterrupted(options, say, interrupted.signal);
  if (stack !== undefined) {
    say.started(stack);
    await keepContext(options.data, say);
    const failure = await Promise.race([stack.failed, abortOf(interrupted.signal)]);
    say.progress('stopping');
    await stack.stop();
    say.progress('stopped');
    if (failure !== undefined) throw failure;
  }
  // Something that was begun and is not needed any more, such as building the Temporal server, may still be at work.
  process.exit(0);
}

/** Other verbs find the default data directory by themselves; another one by a context. The stack runs without, too. */
async function keepContext(dataDir: string, say: Speaker): Promise<void> {
  const data = resolve(dataDir);
  if (data === resolve(defaultDataDir())) return;
  try {
    const { contexts, name } = withStack(await readContexts(process.env), data);
    await writeContexts(process.env, contexts);
    say.progress(
      contexts.current === name
        ? `other verbs find it: context ${name}`
        : `another context is in use; \`leonore context use ${name}\` has other verbs find it`,
    );
  } catch (error) {
    say.progress(`no context is kept of it: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function startUnlessInterrupted(
  options: UpOptions,
  say: Speaker,
  signal: AbortSignal,
): Promise<Stack | undefined> {
  const { data, port, nodes, maxNodes, balancer, threshold, settle, tls } = options;
  // Only now: it is heavy, and the help needs none of it.
  const { startStack } = await import('../../stack/start-stack.js');
  try {
    return await startStack({
      dataDir: data,
      nodes,
      signal,
      onProgress: (line) => say.progress(line),
      ...(tls === undefined ? {} : { tls }),
      ...(port === undefined ? {} : { port }),
      ...(maxNodes === undefined ? {} : { maxNodes }),
      ...(balancer === undefined ? {} : { balancer }),
      ...(threshold === undefined ? {} : { threshold }),
      ...(settle === undefined ? {} : { settleSeconds: settle }),
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    say.progress('stopped before everything was up');
    return undefined;
  }
}

function abortOf(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

interface Speaker {
  progress(line: string): void;
  started(stack: Stack): void;
}

function speaker(asJson: boolean): Speaker {
  if (asJson) {
    const print = (object: unknown): void => console.log(JSON.stringify(object));
    return {
      progress: (line) => print({ event: 'progress', line }),
      started: ({ dataDir, api, ca, temporal, temporalUi }) =>
        print({ event: 'started', dataDir, api, ca, temporal, temporalUi, sharedEnrolmentToken: true }),
    };
  }
  return {
    progress: (line) => console.log(`  ${line}`),
    started(stack) {
      console.log(`
LEONORE is up. Ctrl-C stops it; the data stays.
  API          ${stack.api}
  Temporal UI  ${stack.temporalUi ?? '(of the external server)'}
  Temporal     ${stack.temporal}
  data         ${stack.dataDir}
  tokens       ${stack.dataDir}/stack.json${stack.ca === null ? '' : `\n  authority    ${stack.ca}`}

  Gateways enrol with the one token in stack.json, without a key if need be, and set their labels themselves:
  that is for trying. \`leonore enrolment create\` makes tokens that allow less. One that runs on this machine:

${agentCommand(stack)}
`);
    },
  };
}

/** Starts a gateway's agent, when it is pasted into a shell. The token itself is in nobody's scrollback and in no log. */
function agentCommand({ api, ca, dataDir }: Stack): string {
  const token = `"$(node -p "JSON.parse(fs.readFileSync('${dataDir}/stack.json')).enrolmentToken")"`;
  const trusted = ca === null ? '' : ` --ca '${ca}'`;
  return `  leonore agent --server ${api}${trusted} --root /tmp/gw-1 --id gw-1 --label site=here --hold --enrolment-token ${token}`;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}
