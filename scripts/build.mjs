/**
 * Builds the checkout: Prisma client -> TypeScript to dist/ -> typebox in one -> workflow bundle -> dashboard.
 * Runs at `npm ci` (prepare), so that `npx leonore` works right after it; what is current is left as it is.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const notSources = new Set(['node_modules', 'dist', '.git']);
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

/** Everything that the compiler and the bundler read, by path. */
function sourcesBelow(directory) {
  const files = [];
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !notSources.has(entry.name)) files.push(...sourcesBelow(path));
    if (entry.isFile() && isSource(entry.name)) files.push(relative(root, path));
  }
  return files.sort();
}

function isSource(name) {
  return /\.(tsx?|mjs|sh|css|html|svg)$|^(tsconfig.*|views)\.json$/.test(name) && !name.endsWith('.test.ts');
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

// npx builds a checkout once more when it first runs its command, and so does `npm test` after `npm ci`.
const buildStamp = join(root, 'dist', 'built-from');
const sourceDigest = digestOf('package-lock.json', ...sourcesBelow(root));
if (isCurrent(buildStamp, sourceDigest)) process.exit(0);
rmSync(buildStamp, { force: true });

run('TypeScript compiled to dist/', bin('tsc'), ['-p', 'tsconfig.build.json']);
run('typebox bundled', process.execPath, ['scripts/bundle-typebox.mjs']);
run('BusyBox agent assembled', process.execPath, ['scripts/assemble-busybox-agent.mjs']);
chmodSync(join(root, 'dist', 'cli', 'main.js'), 0o755);

// Workflow code is bundled once here; otherwise every coordinator would bundle it at its start.
run('workflows bundled', process.execPath, ['scripts/bundle-workflows.mjs']);

// The dashboard needs itself, the domain, and what it is bundled with; most changes are elsewhere.
const dashboardStamp = join(stamps, 'dashboard');
const dashboardDigest = digestOf(
  'package-lock.json',
  'scripts/build-dashboard.mjs',
  ...[...sourcesBelow(join(root, 'web')), ...sourcesBelow(join(root, 'domain'))],
);
if (!isCurrent(dashboardStamp, dashboardDigest) || !existsSync(join(root, 'dist/web/index.html'))) {
  run('dashboard bundled', process.execPath, ['scripts/build-dashboard.mjs']);
  writeFileSync(dashboardStamp, dashboardDigest);
}
writeFileSync(buildStamp, sourceDigest);
