/**
 * `node scripts/bundle-agent.mjs FILE`: the TypeScript agent as one file that needs nothing but Node, of what has been
 * compiled to dist/. Devices that have Node need no node_modules then.
 */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import webpack from 'webpack';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const target = process.argv[2];
if (target === undefined) {
  process.stderr.write('usage: node scripts/bundle-agent.mjs FILE\n');
  process.exit(2);
}
const file = resolve(target);
const compiler = webpack({
  mode: 'production',
  target: 'node20',
  entry: join(root, 'dist/agent/main.js'),
  resolve: { alias: { undici$: join(root, 'scripts/undici-of-agent.mjs') } },
  experiments: { outputModule: true },
  output: { path: dirname(file), filename: basename(file), module: true, chunkFormat: 'module' },
  // One file: what is imported late lies in it, too.
  optimization: { splitChunks: false },
  plugins: [new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 })],
  performance: { hints: false },
});
const stats = await new Promise((done, fail) => {
  compiler.run((error, result) => (error === null ? done(result) : fail(error)));
});
if (stats.hasErrors()) {
  process.stderr.write(`${stats.toString({ all: false, errors: true })}\n`);
  process.exit(1);
}
// One letter beyond Latin-1 has the engine keep the whole text with two bytes for each.
const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
writeFileSync(file, readFileSync(file, 'utf8').replace(/[\u0080-\uffff]/g, escaped));
chmodSync(file, 0o755);
