import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import {
  delegationsOf,
  readMetadata,
  untrusted,
  type Envelope,
  type Root,
} from '../../domain/trust/metadata.js';
import { pinRoot, requireRole, withRoot } from '../../domain/trust/trusted-metadata.js';
import { verifier } from '../../trust/ed25519.js';
import type { StoredMetadata, TrustRepository } from '../../repositories/trust-repository.js';
import { Text } from '../../domain/text.js';
import type { RouteOptions } from '../context.js';
import { problems } from '../schemas/common.js';

const tags = ['trust'];
const FileSchema = Text(512 * 1024);
const PublishedSchema = Type.Object(
  { roots: Type.Array(FileSchema, { minItems: 1, maxItems: 100 }), targets: FileSchema },
  { additionalProperties: false },
);
const DelegationSchema = Type.Object({
  name: Type.String(),
  paths: Type.Array(Type.String()),
  keyids: Type.Array(Type.String()),
  threshold: Type.Integer(),
  terminating: Type.Boolean(),
});
const TrustSchema = Type.Object({
  root: Type.Union([Type.Null(), Type.Object({ version: Type.Integer(), expires: Type.String() })]),
  targets: Type.Union([
    Type.Null(),
    Type.Object({
      version: Type.Integer(),
      expires: Type.String(),
      delegations: Type.Array(DelegationSchema),
      unsigned: Type.Array(Type.String(), { description: 'Names that nobody has to sign' }),
    }),
  ]),
});

/** Who may sign: what gateways are told, published by whoever holds the keys. */
export const trustRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { trustMetadata } = context.repositories;

  app.get(
    '/trust',
    {
      schema: {
        tags,
        operationId: 'showTrust',
        summary: 'Who may sign',
        response: { 200: TrustSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async () => view(trustMetadata),
  );

  app.put(
    '/trust',
    {
      schema: {
        tags,
        operationId: 'publishTrust',
        summary: 'Publish roots and delegations',
        description:
          'Files of metadata as they were signed. What is known already changes nothing; a chain that does not follow from it is refused (UNTRUSTED).',
        body: PublishedSchema,
        response: { 200: TrustSchema, ...problems },
      },
      config: { role: 'admin' },
    },
    async (request) => {
      await publish(request.body, trustMetadata);
      return view(trustMetadata);
    },
  );
};

/** @throws LeonoreError UNTRUSTED */
async function publish(
  { roots, targets }: { readonly roots: readonly string[]; readonly targets: string },
  trust: TrustRepository,
): Promise<void> {
  const known = await trust.newest('root');
  const files: StoredMetadata[] = [];
  let trusted = known === null ? null : pinRoot(known.content, verifier);
  for (const content of roots) {
    const { version } = readMetadata('root', content).signed;
    if (trusted !== null && version <= trusted.root.signed.version) {
      await refuseAnother('root', version, content, trust, files);
      continue;
    }
    trusted = trusted === null ? pinRoot(content, verifier) : withRoot(trusted, content, verifier);
    files.push({ role: 'root', version, content });
  }
  if (trusted === null) throw untrusted('there is no root');
  const target = await judgeTargets(targets, trusted.root, trust);
  await trust.publish(target === null ? files : [...files, target]);
}

async function judgeTargets(
  content: string,
  root: Envelope<Root>,
  trust: TrustRepository,
): Promise<StoredMetadata | null> {
  const targets = readMetadata('targets', content);
  requireRole('targets', targets, root.signed, verifier);
  const { version } = targets.signed;
  const newest = await trust.newest('targets');
  if (newest === null || version > newest.version) return { role: 'targets', version, content };
  await refuseAnother('targets', version, content, trust, []);
  if (version < newest.version) throw untrusted(`targets: version ${newest.version} was published before`);
  return null;
}

async function refuseAnother(
  role: StoredMetadata['role'],
  version: number,
  content: string,
  trust: TrustRepository,
  files: readonly StoredMetadata[],
): Promise<void> {
  const mine = files.find((file) => file.version === version)?.content;
  if ((mine ?? (await trust.find(role, version))) === content) return;
  throw untrusted(`${role}: another version ${version} was published before`);
}

async function view(trust: TrustRepository) {
  const [root, targets] = await Promise.all([trust.newest('root'), trust.newest('targets')]);
  return {
    root: root === null ? null : rootView(root.content),
    targets: targets === null ? null : targetsView(targets.content),
  };
}

function rootView(content: string) {
  const { version, expires } = readMetadata('root', content).signed;
  return { version, expires };
}

function targetsView(content: string) {
  const targets = readMetadata('targets', content).signed;
  const { version, expires, unsigned = [] } = targets;
  const roles = delegationsOf(targets).roles.map(({ name, paths, keyids, threshold, terminating }) => ({
    name,
    paths,
    keyids,
    threshold,
    terminating,
  }));
  return { version, expires, delegations: roles, unsigned };
}
