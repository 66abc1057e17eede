/**
 * Writes the API's OpenAPI document and the types of its client:
 *
 *   node scripts/generate-openapi.mjs           client/openapi.json, client/openapi.d.ts
 *   node scripts/generate-openapi.mjs --check   fails when they are not what the sources say
 *
 * The routes are registered with a context that does nothing: describing them takes no database.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { register } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

register('./typescript-hooks.mjs', import.meta.url);

const client = join(dirname(fileURLToPath(import.meta.url)), '..', 'client');
const nothing = { repositories: {}, blobs: {}, rolloutClient: {}, access: {}, pollSeconds: 60 };

async function describeApi() {
  const { default: fastify } = await import('fastify');
  const { apiApp } = await import('../api/app.ts');
  const app = fastify();
  await app.register(apiApp, { context: nothing });
  await app.ready();
  const answer = await app.inject('/api/openapi.json');
  await app.close();
  if (answer.statusCode !== 200) throw new Error(`the API does not describe itself: ${answer.body}`);
  return answer.json();
}

const document = await describeApi();
const header = '/** Generated from the routes of the API by `npm run generate`; not edited by hand. */\n\n';
const files = {
  'openapi.json': `${JSON.stringify(document, null, 2)}\n`,
  'openapi.d.ts': header + astToString(await openapiTS(document, { alphabetize: false })),
};

const stale = [];
for (const [name, text] of Object.entries(files)) {
  const path = join(client, name);
  if ((await readFile(path, 'utf8').catch(() => null)) === text) continue;
  stale.push(`client/${name}`);
  if (!process.argv.includes('--check')) await writeFile(path, text);
}
if (process.argv.includes('--check') && stale.length > 0) {
  process.stderr.write(`not current: ${stale.join(', ')}; run \`npm run generate\`\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(stale.length > 0 ? `written: ${stale.join(', ')}\n` : 'generated files are current\n');
}
