/**
 * `npm run bench:signatures [-- --json]`: what signing and verifying cost, in processor time of this one process. Each figure is the median
 * of some rounds of many, so that what else the machine does, which takes the processor away and costs no processor time, does not count.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { GatewayTrust } from '../../agent/trust/gateway-trust.js';
import { testPackage, testTask } from '../../agent/testing/test-package.js';
import { TestTrust } from '../../agent/testing/test-trust.js';
import { signedText } from '../../domain/agent-protocol/text-form.js';
import { checkManifest } from '../../domain/package-format/check-manifest.js';
import type { PackageStatements } from '../../domain/trust/statement.js';
import { sha256, Signer } from '../../trust/ed25519.js';
import { machineFacts } from '../machine.js';
import { atMost, fact, toJsonLine, toTable, type Figure } from './figure.js';
import { machineFigures } from './measurement.js';

/** Tasks of a rollout to a large node. */
const tasks = 4_000;
const files = 300;
const rounds = 5;
/** Milliseconds that verifying a package may take. */
const verifyMs = 50;

/** Processor time of `work`, in milliseconds: the median of some rounds, after one that is not counted. */
function cpuMs(work: () => void): number {
  work();
  const costs = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return costs.sort((a, b) => a - b)[rounds >> 1] ?? 0;
}

async function measure(directory: string): Promise<Figure[]> {
  const director = Signer.generate();
  const contents = Object.fromEntries(
    Array.from({ length: files }, (_none, index) => [`d/f${index}`, `content ${index}`]),
  );
  const built = testPackage({ name: 'app', version: '1.0.0', requested: true, files: contents });
  const task = testTask('d', built, { values: { interval: '30' } });
  const facts = { signedAt: new Date(0).toISOString(), expires: new Date(3_600_000).toISOString() };
  const signing = cpuMs(() => {
    for (let counter = 1; counter <= tasks; counter += 1) {
      const signed = { ...facts, gatewayId: `gw-${counter}`, counter, signatures: [] };
      director.sign(Buffer.from(signedText({ ...task, signed })));
    }
  });
  const trust = new TestTrust();
  trust.state(built);
  const statements = trust.statements.get(built.digest) as PackageStatements;
  const manifest = built.entries.find(({ path }) => path === 'manifest.json')?.content.toString() ?? '';
  const checked = checkManifest(manifest, sha256);
  const gateway = await GatewayTrust.open({ path: join(directory, 'trust.json'), isRequired: false });
  await gateway.refresh(async (name) => trust.files.get(name) ?? null);
  const verifying = cpuMs(() => gateway.check(checked, statements));
  return [
    fact(`signing ${tasks} tasks`, signing, 'ms of CPU', 'as a node does'),
    atMost(verifyMs, `verifying a package of ${files} files`, verifying, 'ms of CPU', 'as the agent does'),
  ];
}

async function run(options: { readonly json?: true }): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'leonore-signatures-'));
  try {
    const figures = [...(await measure(directory)), ...machineFigures(machineFacts())];
    console.log(options.json === true ? figures.map(toJsonLine).join('\n') : toTable(figures));
  } finally {
    await rm(directory, { recursive: true });
  }
}

await new Command('bench:signatures').option('--json', 'one JSON object a line').action(run).parseAsync();
