import { Command } from 'commander';
import type { Cli, VerbContext } from '../cli.js';
import { bytesText, instantText } from '../output.js';
import { addPackageFileCommands } from './package-file.js';

/** `leonore package list | inspect | verify | unpack`. */
export function packageCommand(cli: Cli): Command {
  const command = new Command('package').description('application packages');
  cli.serverVerb(command.command('list').description('list all packages, newest first'), list);
  return addPackageFileCommands(command);
}

async function list({ client, out }: VerbContext<object>): Promise<undefined> {
  const packages = await client.packages();
  out.result(packages, () =>
    out.table(
      ['ID', 'SIZE', 'ARTIFACTS', 'BUILT BY', 'BUILT'],
      packages.map(({ id, sizeBytes, artifacts, builtBy, builtAt }) => [
        id.slice(0, 12),
        bytesText(sizeBytes),
        artifacts.join(' '),
        builtBy,
        instantText(builtAt),
      ]),
      'no packages',
    ),
  );
}
