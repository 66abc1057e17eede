/** That what servers keep, build and sign is what gateways believe: real repository, real builder, the agent's own judgement. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { verifyPackage } from '../agent/archive/verify-package.js';
import { testPackage, testTask } from '../agent/testing/test-package.js';
import { GatewayTrust } from '../agent/trust/gateway-trust.js';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import { renderTasksText } from '../domain/agent-protocol/text-form.js';
import { canonicalJson } from '../domain/canonical-json.js';
import { artifactStatement } from '../domain/trust/statement.js';
import { testBuilder, type TestBuilder } from '../tests/support/test-builder.js';
import { sha256, Signer } from '../trust/ed25519.js';
import { readKeyFile } from '../trust/key-file.js';
import { TrustDirectory } from '../trust/trust-directory.js';
import { NodeTrust } from './node-trust.js';

const publisher = Signer.generate();
const nowMs = Date.parse('2026-11-27T00:00:00Z');
const untrusted = expect.objectContaining({ code: 'UNTRUSTED' });

let directory: string;
let builder: TestBuilder;
let node: NodeTrust;
let gateway: GatewayTrust;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-trust-'));
  const trust = new TrustDirectory(directory, '');
  const publishers = [{ name: 'ours', signer: publisher, paths: ['artifacts/*'] }];
  await trust.make({ rootKeys: 3, threshold: 2, lastsDays: 700, unsigned: [], publishers }, nowMs);
  builder = await testBuilder();
  Object.assign(builder.dependencies, { builderKey: await readKeyFile(trust.keyPath('builder')) });
  const { trustMetadata } = builder.repositories;
  const { roots, targets } = await trust.published();
  await trustMetadata.publish([
    ...roots.map((content, index) => ({ role: 'root' as const, version: index + 1, content })),
    { role: 'targets', version: 1, content: targets },
  ]);
  const director = await readKeyFile(trust.keyPath('online'));
  node = new NodeTrust({ ...builder.repositories, metadata: trustMetadata, director });
}, 60_000);

afterAll(async () => {
  await builder.close();
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  const path = join(await mkdtemp(join(directory, 'gateway-')), 'trust.json');
  gateway = await GatewayTrust.open({ path, isRequired: false });
  await gateway.refresh((name) => node.file(name, nowMs));
});

/** Adds an artifact, signs it as its publisher does, and builds a package of it; then a gateway judges that. */
async function judge(
  manifest: ArtifactManifest,
  contents: Record<string, string>,
  isSigned = true,
): Promise<void> {
  const { artifacts, packages } = builder.repositories;
  await builder.publish(manifest, contents);
  const key = `${manifest.name}@${manifest.version}`;
  const content = (await artifacts.contentOf([key])).get(key);
  if (content === undefined) throw new Error('no artifact');
  const statement = canonicalJson(artifactStatement(content.manifest, content.files, sha256));
  if (isSigned)
    await artifacts.addSignature(manifest, { ...publisher.sign(Buffer.from(statement)), statement });
  const { groups } = await builder.provision(manifest.name);
  const { archiveDigest } = await packages.get(groups[0]?.packageId ?? '');
  const statements = (await node.statementsOf(archiveDigest)) ?? { artifacts: [], builds: [] };
  await verifyPackage((await builder.blobs.open(archiveDigest)) as AsyncIterable<Buffer>, {
    onManifest: (checked) => gateway.check(checked, statements),
  });
}

test('an artifact with variants, rendered configurations and all that it says of its running', async () => {
  await judge(
    {
      name: 'signed',
      version: '1.0.0',
      kind: 'application',
      control: { start: 'run.sh' },
      health: { check: 'check.sh', staysUpSeconds: 2 },
      restart: { policy: 'onFailure' },
      limits: { processes: 8 },
      policies: { keepData: true },
      configurations: [{ path: 'etc/app.conf', template: 'to={{to}}\n', values: { to: 'there' } }],
      variants: [
        { platform: { arch: 'armv7' }, directory: 'arm' },
        { platform: { arch: 'mips' }, directory: 'mips' },
      ],
    },
    { 'arm/run.sh': 'a\n', 'arm/check.sh': 'b\n', 'mips/run.sh': 'c\n', 'mips/check.sh': 'd\n' },
  );
});

test('an artifact that is built from source is believed by its builder', async () => {
  const source = { directory: 'src', build: 'build.sh' };
  await judge(
    {
      name: 'built',
      version: '1.0.0',
      kind: 'application',
      control: { start: 'bin/run' },
      configurations: [{ path: 'etc/conf', template: 'x\n' }],
      variants: [{ size: 10, installedSize: 4_096, source }],
    },
    { 'src/build.sh': 'mkdir -p "$LEONORE_OUTPUT/bin"; echo built > "$LEONORE_OUTPUT/bin/run"\n' },
  );
});

test('an artifact that nobody has signed is not', async () => {
  await expect(
    judge({ name: 'bare', version: '1.0.0', kind: 'library' }, { data: 'x' }, false),
  ).rejects.toEqual(untrusted);
});

test('tasks that a node signs are accepted once, by their gateway', async () => {
  const task = testTask('d1', testPackage({ name: 'lib', version: '1.0.0', files: { data: 'x' } }), {
    values: { password: 'tab\tand\nline' },
    remove: ['app@1.0.0'],
  });
  const to = (gatewayId: string) => node.signed(task, { gatewayId, secret: null }, nowMs);
  const [first, second] = [to('gw-1'), to('gw-1')];
  expect(await gateway.accept(second, 'gw-1')).toMatchObject(task);
  await expect(gateway.accept(second, 'gw-1')).rejects.toEqual(untrusted);
  await expect(gateway.accept(first, 'gw-1')).rejects.toEqual(untrusted);
  await expect(gateway.accept(to('gw-2'), 'gw-1')).rejects.toEqual(untrusted);
});

test('a shell can verify what a gateway without signatures is told, line by line', async () => {
  const task = testTask('d1', testPackage({ name: 'lib', version: '1.0.0', files: { data: 'x' } }), {
    values: { password: 'tab\tand\nline' },
  });
  const secret = randomBytes(32).toString('hex');
  const signed = node.signed(task, { gatewayId: 'gw-1', secret }, nowMs);
  const answer = renderTasksText({ tasks: [signed], profileWanted: false });
  // The pads are kept as files on a device (RFC 2104); here they are made from the secret.
  const pads = [0x36, 0x5c].map((pad) => padded(secret, pad));
  const script = `
    lines() { echo leonore-task-1; sed -n '/^task\t/,/^end\t/p'; }
    inner=$( (printf '${pads[0]}'; lines) | sha256sum | cut -c1-64)
    (printf '${pads[1]}'; printf "$(echo "$inner" | sed 's/../\\\\x&/g')") | sha256sum | cut -c1-64`;
  const tag = execFileSync('bash', ['-c', script], { input: answer, encoding: 'utf8' });
  expect(tag.trim()).toBe(signed.signed?.hmac);
  expect(answer).toContain(`\nhmac\t${tag}`);
});

/** A key of HMAC, padded to a block, as printf writes it. */
function padded(secret: string, pad: number): string {
  const key = Buffer.concat([Buffer.from(secret, 'hex'), Buffer.alloc(32)]);
  return [...key].map((byte) => `\\${(byte ^ pad).toString(8).padStart(3, '0')}`).join('');
}
