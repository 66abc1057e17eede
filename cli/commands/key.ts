import { Command } from 'commander';
import { keyIdOf, trustKey } from '../../domain/trust/metadata.js';
import { sha256, Signer } from '../../trust/ed25519.js';
import { readPublicPart, writeKeyFile } from '../../trust/key-file.js';
import { Output } from '../output.js';
import type { Cli } from '../cli.js';

interface KeyOptions {
  readonly name: string;
  readonly json?: true;
}

/** `leonore key create | show`: keys of publishers, roots and others. No server is asked. */
export function keyCommand(cli: Cli): Command {
  const command = new Command('key').description('signing keys, on this machine');
  command
    .command('create')
    .description('make a key; LEONORE_KEY_PASSPHRASE seals it')
    .argument('<file>', 'where it is written, for its owner alone; never replaced')
    .option('--name <name>', 'what it is for', 'publisher')
    .action(async (file: string, { name, json }: KeyOptions) => {
      const signer = Signer.generate();
      await writeKeyFile(file, { name, signer, passphrase: passphraseOf(cli.environment.env) });
      await tell(outputOf(cli, json), file);
    });
  command
    .command('show')
    .description('show what anybody may know of a key')
    .argument('<file>', 'a key')
    .action(async (file: string, { json }: KeyOptions) => tell(outputOf(cli, json), file));
  return command;
}

/** What seals key files; empty for none. */
export function passphraseOf(env: NodeJS.ProcessEnv): string {
  return env['LEONORE_KEY_PASSPHRASE'] ?? '';
}

function outputOf({ environment: { stdout, env } }: Cli, json: true | undefined): Output {
  return new Output(stdout, json === true, env);
}

async function tell(out: Output, file: string): Promise<void> {
  const { name, publicKey, isSealed } = await readPublicPart(file);
  const keyid = keyIdOf(trustKey(publicKey), sha256);
  out.result({ file, name, keyid, publicKey, sealed: isSealed }, () =>
    out.facts({ name, 'key id': keyid, 'public key': publicKey, passphrase: isSealed ? 'yes' : 'none' }),
  );
}
