import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LeonoreError } from '../../domain/errors.js';
import { packageRoot } from '../../process/package-root.js';

/** One numbered migration as it lies on disk. */
export interface MigrationFile {
  /** Name of its folder, `NNNN_name`; migrations are applied in the order of these names. */
  readonly name: string;
  readonly sql: string;
  /** sha256 of the file in hex: what Prisma records and compares. */
  readonly checksum: string;
}

/** Where the migrations of this version of LEONORE are. */
export function migrationsDirectory(): string {
  return join(packageRoot(), 'prisma', 'migrations');
}

/**
 * Reads the migrations in the order in which they apply.
 * @throws LeonoreError INTERNAL when a migration folder holds no migration.sql
 */
export async function readMigrationFiles(directory: string): Promise<MigrationFile[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(names.map((name) => readMigrationFile(directory, name)));
}

async function readMigrationFile(directory: string, name: string): Promise<MigrationFile> {
  const path = join(directory, name, 'migration.sql');
  try {
    const content = await readFile(path);
    return {
      name,
      sql: content.toString('utf8'),
      checksum: createHash('sha256').update(content).digest('hex'),
    };
  } catch (cause) {
    throw new LeonoreError(
      'INTERNAL',
      `migration ${name} cannot be read: ${path} is missing or unreadable`,
      {},
      { cause },
    );
  }
}
