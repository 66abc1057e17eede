/**
 * Puts one bundle of typebox in the place of its 684 files, in what was compiled to dist/: reading those is most of what
 * a command, a node and each process that it starts would do before their own work (docs/performance.md).
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const target = join(dist, 'bundled');
/** What the sources import of it, and the file that has it. */
const entries = {
  typebox: 'typebox',
  'typebox/compile': 'typebox-compile',
  'typebox/value': 'typebox-value',
};
const { version } = JSON.parse(readFileSync(join(root, 'node_modules/typebox/package.json'), 'utf8'));
const stamp = join(target, 'typebox-version');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== version) {
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: 'node20',
      minify: true,
      outDir: target,
      emptyOutDir: true,
      copyPublicDir: false,
      rollupOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([specifier, name]) => [name, specifier])),
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  });
  writeFileSync(stamp, version);
}

const imported = /(?<=\bfrom |\bimport\()(['"])(typebox(?:\/\w+)?)\1/g;
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith('.js') || entry.parentPath.startsWith(target)) continue;
  const path = join(entry.parentPath, entry.name);
  const code = readFileSync(path, 'utf8');
  const bundled = code.replace(imported, (_all, quote, specifier) => {
    const file = entries[specifier];
    if (file === undefined)
      throw new Error(`${relative(root, path)} imports ${specifier}, which is not bundled`);
    const way = relative(entry.parentPath, join(target, `${file}.js`));
    return `${quote}${way.startsWith('.') ? way : `./${way}`}${quote}`;
  });
  if (bundled !== code) writeFileSync(path, bundled);
}
