import { Command } from 'commander';
import { Output } from '../output.js';
import type { Cli } from '../cli.js';

interface KeyOptions {
  readonly name: string;
  readonly json?: true;
}

interface RotateOptions {
  readonly forgetOld?: true;
  readonly json?: true;
}

/**
 * `leonore key create | show | rotate-secrets`: keys of publishers, roots and others. No server is asked; what they need is
 * loaded when they run.
 */
export function keyCommand(cli: Cli): Command {
  const command = new Command('key').description('signing keys, on this machine');
  command
    .command('create')
    .description('make a key; LEONORE_KEY_PASSPHRASE seals it')
    .argument('<file>', 'where it is written, for its owner alone; never replaced')
    .option('--name <name>', 'what it is for', 'publisher')
    .action(async (file: string, { name, json }: KeyOptions) => {
      const { Signer } = await import('../../trust/ed25519.js');
      const { writeKeyFile } = await import('../../trust/key-file.js');
      const signer = Signer.generate();
      await writeKeyFile(file, { name, signer, passphrase: passphraseOf(cli.environment.env) });
      await tell(outputOf(cli, json), file);
    });
  command
    .command('show')
    .description('show what anybody may know of a key')
    .argument('<file>', 'a key')
    .action(async (file: string, { json }: KeyOptions) => tell(outputOf(cli, json), file));
  command
    .command('rotate-secrets')
    .description(
      'make a new key that secret values are sealed for, beside those that there are; FILE.pub is for the api',
    )
    .argument('<file>', 'key file of nodes (LEONORE_VALUES_KEY); made where there is none')
    .option('--forget-old', 'instead: forget all but the newest; what is sealed for another is lost')
    .action(async (file: string, options: RotateOptions) =>
      rotate(outputOf(cli, options.json), file, options),
    );
  return command;
}

async function rotate(out: Output, file: string, { forgetOld }: RotateOptions): Promise<void> {
  const { forgetOldSealingKeys, publicPathOf, readSealingKeys, readSealingPublicKey, rotateSealingKeys } =
    await import('../../trust/sealing-key-file.js');
  const forgotten = forgetOld === true ? await forgetOldSealingKeys(file) : 0;
  if (forgetOld !== true) await rotateSealingKeys(file);
  const keys = readSealingKeys(file).length;
  const publicKey = readSealingPublicKey(publicPathOf(file));
  out.result({ file, publicKey, keys, forgotten }, () =>
    out.facts({ 'public key': publicKey, keys: String(keys), forgotten: String(forgotten) }),
  );
}

/** What seals key files; empty for none. */
export function passphraseOf(env: NodeJS.ProcessEnv): string {
  return env['LEONORE_KEY_PASSPHRASE'] ?? '';
}

function outputOf({ environment: { stdout, env } }: Cli, json: true | undefined): Output {
  return new Output(stdout, json === true, env);
}

async function tell(out: Output, file: string): Promise<void> {
  const { keyIdOf, trustKey } = await import('../../domain/trust/metadata.js');
  const { sha256 } = await import('../../trust/ed25519.js');
  const { readPublicPart } = await import('../../trust/key-file.js');
  const { name, publicKey, isSealed } = await readPublicPart(file);
  const keyid = keyIdOf(trustKey(publicKey), sha256);
  out.result({ file, name, keyid, publicKey, sealed: isSealed }, () =>
    out.facts({ name, 'key id': keyid, 'public key': publicKey, passphrase: isSealed ? 'yes' : 'none' }),
  );
}
