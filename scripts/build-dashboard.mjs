/** Bundles the dashboard (web/) to dist/web, and compresses what browsers fetch of it, so that nobody does at run time. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, copyFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'web');
const target = join(root, 'dist', 'web');
/** What stays the same shrinks by compression; pictures do not. */
const compressed = new Set(['.html', '.js', '.css', '.svg']);

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
await build({
  root: source,
  configFile: false,
  logLevel: 'error',
  build: {
    outDir: target,
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows nothing that stands in an address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  oxc: { jsx: { runtime: 'automatic' } },
});
copyFileSync(join(source, 'views.json'), join(target, 'views.json'));

for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !compressed.has(extname(entry.name))) continue;
  const path = join(entry.parentPath, entry.name);
  const content = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 9,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params }));
}
