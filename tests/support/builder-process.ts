/** A process that builds one package and says what came of it: tests kill it. */
import { setTimeout as delay } from 'node:timers/promises';
import { buildPackage, type BuiltPackage } from '../../activities/package-builder/build-package.js';
import type { Plan } from '../../domain/plan/plan.js';
import { connectDatabase } from '../../repositories/database.js';
import { DiskBlobStore } from '../../repositories/disk-blob-store.js';
import { createRepositories } from '../../repositories/repositories.js';
import { testSourceBuilder } from './test-builder.js';

const { DATABASE_URL: url = '', LEONORE_BLOBS: root = '', LEONORE_PLAN: plan = '' } = process.env;
const database = connectDatabase({ url, poolSize: 4 });
const blobs = new DiskBlobStore(root);
const dependencies = {
  ...createRepositories(database, 60_000, 'builder'),
  blobs,
  nodeId: `pid-${process.pid}`,
  sourceBuilder: testSourceBuilder(blobs),
};
let built: BuiltPackage | null = null;
while (built === null) {
  built = await buildPackage(JSON.parse(plan) as Plan, dependencies, new AbortController().signal);
  if (built === null) await delay(100);
}
process.stdout.write(`${JSON.stringify(built)}\n`);
await database.$close();
