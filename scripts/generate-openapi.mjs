/**
 * Writes the API's OpenAPI document, the types of its client, and the schemas of artifact.yaml and of the strategies of
 * campaigns:
 *
 *   node scripts/generate-openapi.mjs           client/openapi.json, client/openapi.d.ts, docs/*.schema.json
 *   node scripts/generate-openapi.mjs --check   fails when they are not what the sources say
 *
 * The routes are registered with a context that does nothing: describing them takes no database.
 */
import { register } from 'node:module';
import openapiTS, { astToString } from 'openapi-typescript';
import { writeGenerated } from './generated-files.mjs';

register('./typescript-hooks.mjs', import.meta.url);

const nothing = { repositories: {}, blobs: {}, rolloutClient: {}, access: {}, signIn: null, pollSeconds: 60 };

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

async function describeStrategy() {
  const { StrategySchema } = await import('../domain/campaign/strategy.ts');
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...StrategySchema };
}

/** The schema of artifact.yaml, for editors. */
async function artifactSchema() {
  const { artifactJsonSchema } = await import('../domain/artifact/manifest-schema.ts');
  return artifactJsonSchema;
}

const document = await describeApi();
const header = '/** Generated from the routes of the API by `npm run generate`; not edited by hand. */\n\n';
await writeGenerated({
  'client/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
  'client/openapi.d.ts': header + astToString(await openapiTS(document, { alphabetize: false })),
  'docs/campaign-strategy.schema.json': `${JSON.stringify(await describeStrategy(), null, 2)}\n`,
  'docs/artifact.schema.json': `${JSON.stringify(await artifactSchema(), null, 2)}\n`,
});
