/** `leonore agent`: the command line of the agent, for the CLI and for the agent's own small entry point alike. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { LeonoreError } from '../domain/errors.js';
import { gatewayIdPattern, macPattern } from '../domain/gateway/gateway-id.js';
import { isolationLevels, type IsolationLevel } from '../domain/gateway/isolation.js';
import { protocolNames } from './connectivity/protocol-names.js';
import type { Facts } from './profiler/facts.js';
import type { AgentOptions } from './options.js';
import type { Log } from './state/bounded-log.js';
import { messageOf } from './state/system-error.js';

interface CommandOptions {
  readonly server: string;
  readonly root: string;
  readonly enrolmentToken?: string;
  readonly enrolmentTokenFile?: string;
  readonly id?: string;
  readonly mac?: string;
  readonly strategy: 'pull' | 'push';
  readonly protocol?: readonly string[];
  readonly interval?: number;
  readonly profileInterval: number;
  readonly label: Readonly<Record<string, string>>;
  readonly profile?: string;
  readonly isolation: IsolationLevel;
  readonly appUser?: number;
  readonly hold?: true;
  readonly pushHost: string;
  readonly pushPort: number;
  readonly healthTimeout: number;
  readonly scriptTimeout: number;
  readonly ca?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly trustRoot?: string;
  readonly requireSignatures?: true;
  readonly json?: true;
}

/** Ends with the process's signals; fails with a LeonoreError for whoever prints errors. */
export function agentCommand(): Command {
  return new Command('agent')
    .description('run a gateway agent in the foreground, until Ctrl-C')
    .addOption(
      new Option('--server <url>', 'address of LEONORE, where the gateway registers')
        .env('LEONORE_SERVER')
        .argParser(url)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--root <dir>', 'directory of the agent; everything it does stays below it')
        .env('LEONORE_ROOT_DIR')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--enrolment-token <token>',
        'lets the gateway register for the first time; better in a file than on the command line',
      ).env('LEONORE_ENROLMENT_TOKEN'),
    )
    .addOption(
      new Option(
        '--enrolment-token-file <file>',
        'file that holds it; it is removed once the gateway is known by its key',
      ).env('LEONORE_ENROLMENT_TOKEN_FILE'),
    )
    .addOption(
      new Option('--id <id>', 'id of the gateway (default: made from the mac, and kept)')
        .env('LEONORE_ID')
        .argParser(matching(gatewayIdPattern, 'an id')),
    )
    .option(
      '--mac <mac>',
      'mac of the gateway (default: that of the first interface)',
      matching(macPattern, 'a mac'),
    )
    .addOption(
      new Option('--strategy <name>', 'pull: ask for tasks; push: be notified of them, and ask now and then')
        .choices(['pull', 'push'])
        .default('pull'),
    )
    .addOption(
      new Option(
        '--protocol <name...>',
        'protocols to speak with the node, in order of preference (default: http)',
      ).choices(protocolNames),
    )
    .option('--interval <s>', 'seconds between two polls (default: what LEONORE says)', seconds)
    .option('--profile-interval <s>', 'seconds between two looks for a change of the profile', seconds, 300)
    .option('--label <key=value...>', 'what the gateway says of itself, for selectors', label, {})
    .option('--profile <file>', 'JSON laid over the measured profile: simulated hardware for test beds')
    .addOption(
      new Option('--isolation <level>', 'the most that is tried to keep applications from the system')
        .choices(isolationLevels)
        .default('full'),
    )
    .option('--app-user <n>', 'number of the user that applications are (default: made from the root)', user)
    .addOption(
      new Option(
        '--hold',
        'be notified over a connection that is held open, as behind NAT, in place of listening',
      ).implies({ strategy: 'push' }),
    )
    .option('--push-host <host>', 'address to listen on for notices; LEONORE must reach it', '127.0.0.1')
    .option('--push-port <n>', 'port to listen on for notices; 0 takes a free one', port, 0)
    .option('--script-timeout <s>', 'time limit of a control script', seconds, 300)
    .option('--health-timeout <s>', 'time within which a health check must succeed', seconds, 60)
    .addOption(
      new Option(
        '--ca <file>',
        'PEM of the authority that LEONORE must be certified by (default: those of the system); pinned at the enrolment',
      ).env('LEONORE_CA'),
    )
    .option('--client-cert <file>', 'PEM of a certificate, where LEONORE wants one of gateways')
    .option('--client-key <file>', 'PEM of its key')
    .option('--trust-root <file>', 'the first root to believe (default: the first that LEONORE has)')
    .option('--require-signatures', 'install nothing that is unsigned, whatever LEONORE allows')
    .option('--json', 'log lines of JSON')
    .action(runAgent);
}

async function runAgent(options: CommandOptions): Promise<void> {
  const overlay = options.profile === undefined ? undefined : await readOverlay(options.profile);
  const trustRoot = options.trustRoot === undefined ? undefined : await readFile(options.trustRoot, 'utf8');
  const authority = options.ca === undefined ? undefined : await readPem(options.ca);
  // Packages must be readable for the user that applications are, whatever this was started with.
  process.umask(0o022);
  // Only now: it is heavy, and the help needs none of it.
  const { startAgent } = await import('./start-agent.js');
  const agent = await startAgent({
    server: options.server,
    root: resolve(options.root),
    enrolmentToken: options.enrolmentToken,
    enrolmentTokenFile:
      options.enrolmentTokenFile === undefined ? undefined : resolve(options.enrolmentTokenFile),
    authority,
    clientCertificate: await clientCertificateOf(options),
    trustRoot,
    requireSignatures: options.requireSignatures,
    id: options.id,
    mac: options.mac,
    strategy: options.strategy,
    protocols: options.protocol,
    intervalSeconds: options.interval,
    profileIntervalSeconds: options.profileInterval,
    labels: options.label,
    profileOverlay: overlay,
    isolation: options.isolation,
    applicationUser: options.appUser,
    holds: options.hold,
    pushHost: options.pushHost,
    pushPort: options.pushPort,
    log: options.json === true ? jsonLog : plainLog,
    times: { scriptTimeoutMs: options.scriptTimeout * 1_000, checkWithinMs: options.healthTimeout * 1_000 },
  });
  const close = (): void => void agent.close().catch(() => undefined);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, close);
  await agent.ended;
}

const plainLog: Log = (level, message, fields = {}) => {
  const facts = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`);
  process.stderr.write(`${[`${level}:`, message, ...facts].join(' ')}\n`);
};

const jsonLog: Log = (level, message, fields = {}) => {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, message, ...fields })}\n`);
};

async function clientCertificateOf({
  clientCert,
  clientKey,
}: CommandOptions): Promise<AgentOptions['clientCertificate']> {
  if (clientCert === undefined && clientKey === undefined) return undefined;
  if (clientCert === undefined || clientKey === undefined)
    throw new LeonoreError('MALFORMED_INPUT', '--client-cert and --client-key go together.');
  return { cert: await readPem(clientCert), key: await readPem(clientKey) };
}

async function readPem(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new LeonoreError('MALFORMED_INPUT', `${file} cannot be read: ${messageOf(error)}`);
  });
}

async function readOverlay(file: string): Promise<Facts> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new LeonoreError('MALFORMED_INPUT', `The profile ${file} cannot be read: ${messageOf(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LeonoreError('MALFORMED_INPUT', `The profile ${file} is not a JSON object.`);
  }
  return { ...value };
}

function url(text: string): string {
  const { protocol } = URL.canParse(text) ? new URL(text) : { protocol: '' };
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new InvalidArgumentError('It must be an http or https URL.');
  return text;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('It must be a positive number of seconds.');
  return value;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('It must be a port.');
  return value;
}

function user(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 0x7fffffff)
    throw new InvalidArgumentError('It must be the number of a user other than root.');
  return value;
}

function matching(pattern: string, what: string): (text: string) => string {
  return (text) => {
    if (!new RegExp(pattern).test(text)) throw new InvalidArgumentError(`It is not ${what}.`);
    return text;
  };
}

function label(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It must be key=value.');
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}
