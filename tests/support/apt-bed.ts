/** An apt with a state of its own, to ask what it would install; the machine's own packages do not count. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const aptMs = 120_000;

export interface AptBed {
  /** Reads the index, when it is one of the bed's own. */
  update(): Promise<void>;
  /** @returns names and versions that would be installed on an empty system; null when apt finds no way */
  install(name: string): Promise<Map<string, string> | null>;
}

/**
 * @param directory of the caller's, for its state
 * @param source a line of sources.list; undefined: the machine's own sources, with the lists that it has
 */
export async function aptBed(directory: string, source?: string): Promise<AptBed> {
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'etc', 'log'])
    await mkdir(join(directory, part), { recursive: true });
  await writeFile(join(directory, 'status'), '');
  const own =
    source === undefined
      ? []
      : [`Dir::State::lists "${directory}/state/lists";`, `Dir::Etc "${directory}/etc";`];
  if (source !== undefined) await writeFile(join(directory, 'etc/sources.list'), `${source}\n`);
  const config = [
    `Dir::State "${directory}/state";`,
    // Relative to the state unless it is absolute, which the machine's own lists are.
    ...(source === undefined ? ['Dir::State::lists "/var/lib/apt/lists";'] : []),
    `Dir::State::status "${directory}/status";`,
    `Dir::Cache "${directory}/cache";`,
    `Dir::Log "${directory}/log";`,
    ...own,
    'APT::Architecture "amd64";',
    'APT::Architectures { "amd64"; };',
    'APT::Install-Recommends "false";',
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    'Debug::NoLocking "true";',
  ];
  await writeFile(join(directory, 'apt.conf'), `${config.join('\n')}\n`);
  const env = { ...process.env, APT_CONFIG: join(directory, 'apt.conf'), LC_ALL: 'C' };
  return {
    async update() {
      await run('apt-get', ['update'], { env, timeout: aptMs });
    },
    async install(name) {
      try {
        const { stdout } = await run('apt-get', ['--simulate', 'install', name], { env, timeout: aptMs });
        const lines = stdout.matchAll(/^Inst (\S+) \((\S+) /gmu);
        return new Map([...lines].map(([, one = '', version = '']) => [one, version]));
      } catch (error) {
        // What it says of a request that it cannot fulfil; anything else is a fault of the bed.
        if ((error as { code?: unknown }).code === 100) return null;
        throw error;
      }
    },
  };
}
