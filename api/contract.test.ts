/**
 * The OpenAPI document is what the server does: Schemathesis asks everything that the document allows and much that it does
 * not, as nobody and in each role. No answer may be of the kind 5xx, or one that the document does not name.
 *
 * Here as nobody and as the administrator, with few examples; LEONORE_SOAK=1 asks more, and in each role.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from '@jest/globals';
import { addGateways, addNode, profileOf } from '../tests/support/test-repositories.js';
import { obtainSchemathesis, runSchemathesis, type Schemathesis } from '../tests/support/schemathesis.js';
import { testTemporal, type TestTemporal } from '../tests/support/temporal.js';
import { testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

const isSoak = process.env['LEONORE_SOAK'] === '1';
const examples = isSoak ? 200 : 5;
/** Nobody is refused whatever is asked: in the short run what is at random is enough. */
const phasesFor = (who: string): string => {
  if (isSoak) return 'examples,coverage,fuzzing,stateful';
  return who === 'nobody' ? 'fuzzing' : 'coverage,fuzzing';
};
const seed = Number(process.env['LEONORE_SOAK_SEED'] ?? 1);

let schemathesis: Schemathesis;
let temporal: TestTemporal;
let api: TestApi;
let folder: string;

beforeAll(async () => {
  schemathesis = await obtainSchemathesis();
  temporal = await testTemporal();
  api = await testApi(temporal.address, { namespace: temporal.namespace });
  folder = await mkdtemp(join(tmpdir(), 'leonore-contract-'));
  const { repositories } = api;
  await addNode(repositories, 'node-1');
  await addGateways(repositories, [profileOf('gw-1', { installed: [{ name: 'app', version: '1.0.0' }] })]);
  await repositories.artifacts.add({ name: 'app', version: '1.0.0', kind: 'application' }, []);
  await repositories.deployments.create('all', { gatewayIds: ['gw-1'], selector: null });
}, 15 * 60_000);

afterAll(async () => {
  await api.close();
  await temporal.stop();
  await rm(folder, { recursive: true, force: true });
});

// The administrator last: with the node that is drained, gateways are told to wait.
test.each(
  isSoak ? (['nobody', 'viewer', 'operator', 'enrolment', 'admin'] as const) : (['nobody', 'admin'] as const),
)(
  'asked by %s, every route answers as the document says',
  async (who) => {
    if ('reason' in schemathesis) {
      process.stderr.write(`not asked by Schemathesis: ${schemathesis.reason}\n`);
      return;
    }
    const token = who === 'nobody' ? [] : ['--header', `Authorization: Bearer ${testTokens[who]}`];
    const { code, output } = await runSchemathesis(
      schemathesis,
      [
        'run',
        `${api.address}/api/openapi.json`,
        ...token,
        ...['--max-examples', String(examples), '--phases', phasesFor(who), '--seed', String(seed)],
        ...['--checks', 'all', '--continue-on-failure', '--no-color', '--warnings', 'off'],
      ],
      folder,
    );
    // An object in an expectation would be cut short.
    if (code !== 0) throw new Error(output);
  },
  isSoak ? 30 * 60_000 : 5 * 60_000,
);
