import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RouteOptions } from 'fastify';
import { pino } from 'pino';
import { Header } from 'tar';
import { Access } from '../../api/access.js';
import { apiApp } from '../../api/app.js';
import { createSignIn, type SignInOptions } from '../../api/sign-in/sign-in.js';
import { Planner } from '../../compute/planner.js';
import { WebhookAddresses } from '../../connectivity/webhook-addresses.js';
import { Networks } from '../../connectivity/networks.js';
import { NetworkAddressRules } from '../../connectivity/address-rules.js';
import { createServer } from '../../serving/create-server.js';
import type { RequestBudgets } from '../../serving/request-budgets.js';
import { limits } from '../../domain/limits.js';
import { workflowAddress } from '../../domain/orchestration.js';
import { DiskBlobStore } from '../../repositories/disk-blob-store.js';
import { testValueKeys } from './test-value-keys.js';
import { SecretBox } from '../../repositories/secret-box.js';
import { CampaignClient } from '../../workflows/client/campaign-client.js';
import { RolloutClient } from '../../workflows/client/rollout-client.js';
import { TemporalLink } from '../../workflows/client/temporal-link.js';
import type { TestDatabase } from './postgres.js';
import type { PlanningLimits } from '../../compute/planner.js';
import { testPlanning, testPool } from './test-pool.js';
import { testRepositories, type TestRepositories } from './test-repositories.js';

export const testTokens = {
  admin: 'admin-token',
  operator: 'operator-token',
  viewer: 'viewer-token',
  enrolment: 'enrolment-token',
} as const;

/** Nothing listens there. */
export const testTemporalUi = 'http://127.0.0.1:1/temporal';

/** More than any test asks for. */
export const plentiful: RequestBudgets = { caller: 1_000_000, address: 1_000_000 };

/** Gateways of tests are on this machine, and so is what is told of them. */
export const loopback = new Networks(['127.0.0.0/8'], new Set());
export const loopbackPush = new NetworkAddressRules({ scheme: 'http', defaultPort: 80 }, loopback);

export interface TestApi {
  /** Where it listens. */
  readonly address: string;
  readonly repositories: TestRepositories;
  readonly blobRoot: string;
  close(): Promise<void>;
}

/** The management API on a real database; Temporal where the caller says. */
export async function testApi(
  temporalAddress: string,
  {
    on,
    namespace = 'default',
    planning = testPlanning,
    budgets = plentiful,
    trustProxy = false,
    onRoute = () => undefined,
    signIn: signInOptions,
    port = 0,
  }: {
    on?: TestDatabase;
    namespace?: string;
    planning?: PlanningLimits;
    budgets?: RequestBudgets;
    trustProxy?: boolean;
    onRoute?: (route: RouteOptions) => void;
    signIn?: SignInOptions;
    /** Where it is known before it listens. */
    port?: number;
  } = {},
): Promise<TestApi> {
  const repositories = await testRepositories(undefined, on);
  const blobRoot = await mkdtemp(join(tmpdir(), 'leonore-test-blobs-'));
  const pool = testPool();
  const link = new TemporalLink(temporalAddress, namespace);
  const rolloutClient = new RolloutClient(link);
  const signIn = signInOptions === undefined ? null : createSignIn(signInOptions, repositories.sessions);
  const app = createServer(pino({ level: 'silent' }), {
    bodyLimit: limits.jsonBodyBytes,
    headBytes: limits.requestHeadBytes,
    budgets,
    trustProxy,
  });
  app.addHook('onRoute', onRoute);
  const tokens = (['admin', 'operator', 'viewer'] as const)
    .map((role) => `${role}:${sha256(testTokens[role])}`)
    .join(',');
  await app.register(apiApp, {
    context: {
      repositories,
      blobs: new DiskBlobStore(blobRoot),
      pool,
      planner: new Planner(repositories.artifacts, pool, planning),
      secrets: new SecretBox(['5e'.repeat(32)]),
      values: testValueKeys.sealer,
      authorities: null,
      rolloutClient,
      campaignClient: new CampaignClient(link),
      workflowAddress: (workflowId) => workflowAddress(testTemporalUi, namespace, workflowId),
      access: new Access(tokens, sha256(testTokens.enrolment), repositories.tokens, signIn),
      signIn,
      pollSeconds: 30,
      pushAddresses: loopbackPush,
      webhookAddresses: new WebhookAddresses(loopback),
      wakePool: () => undefined,
    },
  });
  return {
    address: await app.listen({ host: '127.0.0.1', port }),
    repositories,
    blobRoot,
    async close() {
      await app.close();
      await signIn?.provider.close();
      await pool.close();
      await link.close();
      await repositories.close();
      await rm(blobRoot, { recursive: true, force: true });
    },
  };
}

export interface TarEntry {
  readonly path: string;
  readonly content?: string | Buffer;
  readonly mode?: number;
  readonly type?: 'File' | 'SymbolicLink' | 'Directory' | 'CharacterDevice';
  readonly linkpath?: string;
}

/** A tar archive with just these entries, hostile ones too. */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { path, content = '', mode = 0o644, type = 'File', linkpath } of entries) {
    const body = Buffer.from(content);
    const block = Buffer.alloc(512);
    new Header({
      path,
      mode,
      type,
      size: body.length,
      mtime: new Date(0),
      uid: 0,
      gid: 0,
      ...(linkpath === undefined ? {} : { linkpath }),
    }).encode(block);
    blocks.push(block, body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A small artifact as the package management takes it. */
export function artifactTar(
  manifest: string,
  files: Readonly<Record<string, string>> = { 'bin/run': '#!/bin/sh\n' },
): Buffer {
  return tarOf([
    { path: 'artifact.yaml', content: manifest },
    ...Object.entries(files).map(([path, content]) => ({ path, content, mode: 0o755 })),
  ]);
}

export function randomName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
