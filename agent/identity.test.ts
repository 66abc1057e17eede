/** The gateway's key: made once, kept, proved, and what becomes of the enrolment token. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { enrolmentToken, problem } from './testing/device-server.js';
import { AgentBed, application, exists } from './testing/test-agent.js';
import { testPackage, testTask } from './testing/test-package.js';

let bed: AgentBed;
beforeEach(async () => {
  bed = await AgentBed.create();
});
afterEach(() => bed.close());

const built = testPackage(application('1.0.0'));

/** Delivers something, so that the agent has registered and been answered. */
async function works(deliveryId: string): Promise<void> {
  bed.server.offer(built, testTask(deliveryId, built));
  expect(await bed.server.ending(deliveryId)).toMatchObject({ state: 'succeeded' });
}

async function tokenFile(): Promise<string> {
  const file = join(bed.directory, 'enrolment-token');
  await writeFile(file, 'enrolment\n');
  return file;
}

test('the key is kept for nobody else to read, and proves the gateway over its restarts, with higher numbers', async () => {
  const agent = await bed.start();
  await works('d1');
  expect((await stat(bed.path('agent', 'key.json'))).mode & 0o777).toBe(0o600);
  await agent.close();
  await bed.start();
  await works('d2');
  const { proofs, key } = bed.server.keys;
  expect(key).toMatch(/^ed25519:/);
  expect(proofs.length).toBeGreaterThanOrEqual(2);
  expect(proofs.map((proof) => proof.key)).toEqual(proofs.map(() => key));
  const counters = proofs.map(({ counter }) => counter);
  expect(counters).toEqual([...new Set(counters)].sort((left, right) => left - right));
});

test('once it is known by its key, the file of the enrolment token is gone, and it starts without one', async () => {
  const enrolmentTokenFile = await tokenFile();
  const agent = await bed.start({ enrolmentToken: undefined, enrolmentTokenFile });
  await works('d1');
  expect(await exists(enrolmentTokenFile)).toBe(false);
  await agent.close();
  bed.server.token = 'token-2';
  const before = bed.server.registrations.length;
  await bed.start({ enrolmentToken: undefined, enrolmentTokenFile });
  await works('d2');
  const tokens = bed.server.registrations.slice(before).map(({ token }) => token);
  expect(tokens.length).toBeGreaterThan(0);
  expect(tokens).not.toContain(enrolmentToken);
});

test('a LEONORE that knows no keys leaves it the enrolment token', async () => {
  const enrolmentTokenFile = await tokenFile();
  bed.server.intercept = (request) => {
    delete request.headers['leonore-key'];
    return false;
  };
  await bed.start({ enrolmentToken: undefined, enrolmentTokenFile });
  await works('d1');
  expect(await exists(enrolmentTokenFile)).toBe(true);
  bed.server.token = 'token-2';
  await works('d2');
  expect(bed.server.registrations.at(-1)?.token).toBe('enrolment');
});

test('without anything to enrol with it does not start', async () => {
  await expect(bed.start({ enrolmentToken: undefined })).rejects.toMatchObject({ code: 'MALFORMED_INPUT' });
});

test('a copy of its disk that was further makes it count on from there, at once', async () => {
  bed.server.keys.skipTo(500);
  await bed.start({ times: { firstRetryMs: 3_600_000, mostRetryMs: 3_600_000 } });
  await works('d1');
  expect(bed.server.keys.proofs).toMatchObject([{ counter: 501 }]);
});

test('where no key can be kept it registers without one', async () => {
  await mkdir(bed.path('agent', 'key.json.new'), { recursive: true });
  await bed.start();
  await works('d1');
  expect(bed.server.keys.key).toBeNull();
});

test('a key that is damaged is read from its copy; an agent that has lost it goes on with its token', async () => {
  const agent = await bed.start();
  await works('d1');
  const { key } = bed.server.keys;
  await agent.close();
  await writeFile(bed.path('agent', 'key.json'), 'damaged');
  const second = await bed.start();
  await works('d2');
  expect(bed.server.keys.key).toBe(key);
  await second.close();
  await rm(bed.path('agent', 'key.json'));
  await rm(bed.path('agent', 'key.json.copy'));
  await bed.start();
  await bed.server.until(() => bed.server.registrations.length > 3);
  // It is contested until a person readmits it; what it runs goes on.
  await bed.running();
});

test.each([
  [409, 'GATEWAY_CONTESTED'],
  [403, 'GATEWAY_DECOMMISSIONED'],
  [401, 'IDENTITY_PROOF_REQUIRED'],
])('after %i %s its applications go on, and it asks again', async (status, code) => {
  const agent = await bed.start();
  await works('d1');
  await agent.close();
  let refused = 0;
  bed.server.intercept = (request, response) => {
    if (request.url !== '/device/v1/register' || refused === 3) return false;
    refused += 1;
    request.resume();
    problem(response, status, code);
    return true;
  };
  await bed.start();
  await bed.server.until(() => refused === 3);
  await bed.running();
  bed.server.intercept = () => false;
  await works('d2');
});
