import { Command, InvalidArgumentError, Option } from 'commander';
import { rotatableRoles, type RotatableRole } from '../../trust/rotatable-roles.js';
import type { TrustDirectory } from '../../trust/trust-directory.js';
import type { Cli, VerbContext } from '../cli.js';
import { Output } from '../output.js';
import { passphraseOf } from './key.js';

interface InitOptions {
  readonly rootKeys: number;
  readonly threshold: number;
  readonly days: number;
}

interface DelegateOptions {
  readonly key: string[];
  readonly name: string[];
  readonly threshold: number;
  readonly terminating?: true;
}

interface Offline {
  readonly json?: true;
}

/** Root keys are used once in a year or two. */
const lastsDays = 730;

/**
 * `leonore trust init | delegate | revoke | unsigned | rotate | publish | show`: who may sign what. What reads and writes keys is
 * loaded when it is needed.
 */
export function trustCommand(cli: Cli): Command {
  const command = new Command('trust').description(
    'who may sign what: roots and delegations, kept in a directory',
  );
  const verb = (name: string, description: string): Command =>
    command.command(name).description(description).argument('<dir>', 'directory with metadata and keys');

  verb('init', 'make the keys, the first root and the first delegations')
    .option('--root-keys <n>', 'keys of the root', wholeNumber, 1)
    .option('--threshold <n>', 'how many of them must sign a new root', wholeNumber, 1)
    .option('--days <n>', 'how long the metadata hold', wholeNumber, lastsDays)
    .action(async (directory: string, { rootKeys, threshold, days, json }: InitOptions & Offline) => {
      if (threshold > rootKeys) throw new InvalidArgumentError('--threshold is more than there are keys.');
      const trust = await directoryOf(cli, directory);
      const plan = { rootKeys, threshold, lastsDays: days, unsigned: [], publishers: [] };
      await trust.make(plan, Date.now());
      await tell(cli, json, trust, 'made');
    });
  verb('delegate', 'let keys publish names; replaces what the publisher had')
    .argument('<publisher>', 'what they are called')
    .requiredOption('--key <key...>', 'a key file, or a public key in hex')
    .requiredOption('--name <pattern...>', 'names of artifacts, with * and ?')
    .option('--threshold <n>', 'how many of the keys must have signed', wholeNumber, 1)
    .option('--terminating', 'nobody that comes after may publish these names')
    .action(async (directory: string, publisher: string, options: DelegateOptions & Offline) => {
      const trust = await directoryOf(cli, directory);
      await trust.delegate({
        name: publisher,
        publicKeys: await Promise.all(options.key.map(publicKeyOf)),
        threshold: options.threshold,
        paths: options.name.map((pattern) => `artifacts/${pattern}`),
        terminating: options.terminating === true,
      });
      await tell(cli, options.json, trust, 'delegated');
    });
  verb('revoke', 'take a key out of every delegation')
    .argument('<key>', 'a key file, a public key in hex, or a key id')
    .action(async (directory: string, key: string, { json }: Offline) => {
      const trust = await directoryOf(cli, directory);
      await trust.revoke(await revocable(trust, key));
      await tell(cli, json, trust, 'revoked');
    });
  verb('unsigned', 'say which names nobody has to sign; none without a pattern')
    .argument('[pattern...]', 'names of artifacts, with * and ?')
    .action(async (directory: string, patterns: string[], { json }: Offline) => {
      const trust = await directoryOf(cli, directory);
      await trust.allowUnsigned(patterns);
      await tell(cli, json, trust, 'changed');
    });
  verb('rotate', 'replace the keys of a role by a new root')
    .addOption(new Option('--role <role>', 'whose keys').choices(rotatableRoles).makeOptionMandatory())
    .option('--days <n>', 'how long the new root holds', wholeNumber, lastsDays)
    .action(
      async (directory: string, { role, days, json }: { role: RotatableRole; days: number } & Offline) => {
        const trust = await directoryOf(cli, directory);
        await trust.rotate(role, Date.now(), days);
        await tell(cli, json, trust, 'rotated');
      },
    );
  cli.serverVerb(
    verb('publish', 'give roots and delegations to the server'),
    (context: VerbContext<object>, directory: string) => publish(cli, context, directory),
  );
  cli.serverVerb(command.command('show').description('show who may sign, as gateways are told'), show);
  return command;
}

async function publish(
  cli: Cli,
  { client, out }: VerbContext<object>,
  directory: string,
): Promise<undefined> {
  const trust = await client.publishTrust(await (await directoryOf(cli, directory)).published());
  out.result(trust, () =>
    out.line(`published root ${trust.root?.version} and delegations ${trust.targets?.version}`),
  );
}

async function show({ client, out }: VerbContext<object>): Promise<undefined> {
  const trust = await client.trust();
  out.result(trust, () => {
    const { root, targets } = trust;
    out.facts({
      root:
        root === null ? 'none: nothing has to be signed' : `version ${root.version}, until ${root.expires}`,
      delegations: targets === null ? 'none' : `version ${targets.version}, until ${targets.expires}`,
      unsigned: targets?.unsigned.join(' ') || 'nothing',
    });
    out.table(
      ['NAME', 'MAY SIGN', 'KEYS', 'THRESHOLD'],
      (targets?.delegations ?? []).map(({ name, paths, keyids, threshold }) => [
        name,
        paths.join(' '),
        keyids.map((keyid) => keyid.slice(0, 12)).join(' '),
        String(threshold),
      ]),
      'nobody',
    );
  });
}

async function tell(cli: Cli, json: true | undefined, trust: TrustDirectory, what: string): Promise<void> {
  const { stdout, env } = cli.environment;
  const out = new Output(stdout, json === true, env);
  const [root, targets] = [(await trust.root()).signed, (await trust.targets()).signed];
  out.result({ root: root.version, targets: targets.version }, () =>
    out.line(
      `${what}: root ${root.version}, delegations ${targets.version}; \`leonore trust publish\` makes them known`,
    ),
  );
}

async function directoryOf(cli: Cli, directory: string): Promise<TrustDirectory> {
  const { TrustDirectory } = await import('../../trust/trust-directory.js');
  return new TrustDirectory(directory, passphraseOf(cli.environment.env));
}

async function publicKeyOf(key: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(key)) return key;
  const { readPublicPart } = await import('../../trust/key-file.js');
  return (await readPublicPart(key)).publicKey;
}

/** A key id and a public key look alike: what the delegations know by name is a name. */
async function revocable(trust: TrustDirectory, key: string): Promise<string> {
  const { delegationsOf, keyIdOf, trustKey } = await import('../../domain/trust/metadata.js');
  const { sha256 } = await import('../../trust/ed25519.js');
  const { keys } = delegationsOf((await trust.targets()).signed);
  return key in keys ? key : keyIdOf(trustKey(await publicKeyOf(key)), sha256);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return value;
}
