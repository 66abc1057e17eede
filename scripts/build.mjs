/**
 * Builds the checkout: Prisma client -> TypeScript to dist/ -> workflow bundle.
 * Runs at `npm ci` (prepare), so that `npx leonore` works right after it; every step is skipped when current.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Runs a step with its output shown only when it fails. */
function run(label, command, args, env = {}) {
  const startedMs = Date.now();
  try {
    execFileSync(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    process.stderr.write(`${label} failed\n${error.stdout ?? ''}${error.stderr ?? ''}`);
    process.exit(1);
  }
  process.stdout.write(`  ${label} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)\n`);
}

function digestOf(...paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(path).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

/** True when `stamp` records `digest`; used to leave out a step whose inputs did not change. */
function isCurrent(stamp, digest) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
}

const stamps = join(root, 'node_modules', '.cache', 'leonore');
mkdirSync(stamps, { recursive: true });

const schemaDigest = digestOf('prisma/schema.prisma', 'package-lock.json');
const prismaStamp = join(stamps, 'prisma');
if (!isCurrent(prismaStamp, schemaDigest) || !existsSync(join(root, 'prisma/generated/client.ts'))) {
  // The CLI would otherwise download a schema engine that neither `generate` nor our migrations use.
  run('prisma client generated', bin('prisma'), ['generate'], {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  });
  writeFileSync(prismaStamp, schemaDigest);
}

run('TypeScript compiled to dist/', bin('tsc'), ['-p', 'tsconfig.build.json']);

// Workflow code is bundled once here; otherwise every coordinator would bundle it at its start.
run('workflows bundled', process.execPath, ['scripts/bundle-workflows.mjs']);
