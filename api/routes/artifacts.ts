import type { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { scopeOf } from '../../domain/access/grant.js';
import { dependentsOf } from '../../domain/artifact/dependents.js';
import type { ArtifactManifest } from '../../domain/artifact/manifest.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { Text } from '../../domain/text.js';
import type { WantedBy } from '../../repositories/artifact-needs.js';
import type { StoredArtifact } from '../../repositories/artifact-repository.js';
import type { RouteOptions } from '../context.js';
import { goneSignal } from '../gone-signal.js';
import { pageOf } from '../paging.js';
import { receiveArtifact, type PublisherSignature } from '../receive-artifact.js';
import { PageQuerySchema, PageSchema, problems } from '../schemas/common.js';
import { DependentsSchema } from '../schemas/campaign-report.js';
import { ArtifactSchema } from '../schemas/resources.js';

const tags = ['artifacts'];
/** Artifacts with a requirement on its names that are looked at; distributions have hundreds for a name. */
const examinedArtifacts = 1_000;
const shownGateways = 20;
const NameParamsSchema = Type.Object({ name: Text(100) });
/** Bytes: read as they come, never validated as a whole. */
const TarSchema = Type.Unsafe<Readable>({ contentMediaType: 'application/x-tar' });
const signatureHeader = 'leonore-signature';
const SignatureSchema = Type.String({
  pattern: '^[0-9a-f]{64}:[0-9a-f]{128}$',
  description: 'By the publisher: public key and Ed25519 signature of the statement, in hex',
});
const VersionParamsSchema = Type.Object({
  name: Text(100),
  version: Text(256),
});

const RemovalQuerySchema = Type.Object(
  {
    force: Type.Optional(
      Type.Enum(['true', 'false'], { description: 'Whether it goes though somebody needs it' }),
    ),
  },
  { additionalProperties: false },
);

/** Package management: add, list, show and remove artifacts. */
export const artifactRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (app, { context }) => {
  const { repositories, blobs, pool } = context;
  const { artifacts } = repositories;

  // Manifests may be large: to look through each for which branch of a union it is would hold up whoever else asks.
  app.setSerializerCompiler(() => JSON.stringify);

  app.addContentTypeParser(
    'application/x-tar',
    { bodyLimit: limits.artifactBytes * 2 },
    (_request, payload, done) => done(null, payload),
  );

  app.post(
    '/artifacts',
    {
      schema: {
        tags,
        operationId: 'addArtifact',
        summary: 'Add one version of an artifact',
        description:
          'The same content again changes nothing (200); other content under the same version is refused (ARTIFACT_IMMUTABLE).',
        headers: Type.Object({ [signatureHeader]: Type.Optional(SignatureSchema) }),
        body: {
          description: 'A tar archive of the directory, artifact.yaml in it',
          content: { 'application/x-tar': { schema: TarSchema } },
        },
        response: { 200: ArtifactSchema, 201: ArtifactSchema, ...problems },
      },
      config: { role: 'publisher' },
    },
    async (request, reply) => {
      if (request.headers['content-type'] !== 'application/x-tar') {
        throw new LeonoreError('UNSUPPORTED_MEDIA_TYPE', 'send the artifact as application/x-tar');
      }
      const { manifest, outcome } = await receiveArtifact(
        request.body as Readable,
        { artifacts, blobs, pool },
        signatureOf(request.headers[signatureHeader]),
        goneSignal(reply),
        request.principal.id,
      );
      const stored = await artifacts.find(manifest.name, manifest.version);
      if (stored === null)
        throw new LeonoreError('ARTIFACT_NOT_FOUND', 'the artifact was removed while it was being added');
      reply.header('location', `/api/v1/artifacts/${manifest.name}/${manifest.version}`);
      return reply.code(outcome === 'added' ? 201 : 200).send(toWire(stored));
    },
  );

  app.get(
    '/artifacts',
    {
      schema: {
        tags,
        operationId: 'listArtifacts',
        summary: 'All artifacts, by name and version',
        querystring: PageQuerySchema,
        response: { 200: PageSchema(ArtifactSchema), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { limit, cursor } = pageOf(request.query);
      const page = await artifacts.list(limit, cursor);
      return { items: page.items.map(toWire), nextCursor: page.nextCursor };
    },
  );

  app.get(
    '/artifacts/:name',
    {
      schema: {
        tags,
        operationId: 'listArtifactVersions',
        summary: 'All versions of an artifact, newest first',
        params: NameParamsSchema,
        response: { 200: Type.Object({ items: Type.Array(ArtifactSchema) }), ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const versions = await artifacts.versionsOf(request.params.name);
      if (versions.length === 0)
        throw new LeonoreError('ARTIFACT_NOT_FOUND', `there is no artifact "${request.params.name}"`);
      return { items: versions.map(toWire) };
    },
  );

  app.get(
    '/artifacts/:name/:version',
    {
      schema: {
        tags,
        operationId: 'showArtifact',
        summary: 'One version of an artifact',
        params: VersionParamsSchema,
        response: { 200: ArtifactSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { name, version } = request.params;
      const stored = await artifacts.find(name, version);
      if (stored === null)
        throw new LeonoreError('ARTIFACT_NOT_FOUND', `there is no artifact ${name}@${version}`);
      return toWire(stored);
    },
  );

  app.get(
    '/artifacts/:name/:version/dependents',
    {
      schema: {
        tags,
        operationId: 'showDependents',
        summary: 'Who has a version of an artifact, and what would break if it were removed',
        params: VersionParamsSchema,
        response: { 200: DependentsSchema, ...problems },
      },
      config: { role: 'viewer', scoped: true },
    },
    async (request) => {
      const { name, version } = request.params;
      const { facets } = request.repositories;
      const stored = await artifacts.find(name, version);
      if (stored === null)
        throw new LeonoreError('ARTIFACT_NOT_FOUND', `there is no artifact ${name}@${version}`);
      const { manifest } = stored;
      const names = [name, ...(manifest.provides ?? []).map((provision) => provision.name)];
      const candidates = await artifacts.requiring(names, examinedArtifacts);
      const [gateways, wanted, catalog] = await Promise.all([
        facets.having({ name, version }, shownGateways),
        artifacts.wantedBy(name, version),
        artifacts.loadCatalog([...new Set([...names, ...candidates.flatMap(namesOf)])]),
      ]);
      return {
        gateways,
        needs: dependentsOf(manifest, candidates, catalog),
        countedAt: new Date().toISOString(),
        ...(await visible(request, wanted)),
      };
    },
  );

  app.delete(
    '/artifacts/:name/:version',
    {
      schema: {
        tags,
        operationId: 'removeArtifact',
        summary: 'Remove one version that nobody needs',
        description:
          'Refused (ARTIFACT_IN_USE) while a gateway has it, or a wanted state, a campaign or its way back needs it, unless forced; while an unfinished rollout installs it also then. It may come again, but with no other content.',
        params: VersionParamsSchema,
        querystring: RemovalQuerySchema,
        response: { 204: Type.Null(), ...problems },
      },
      config: { role: 'publisher' },
    },
    async (request, reply) => {
      const { name, version } = request.params;
      await artifacts.remove(name, version, request.query.force === 'true');
      return reply.code(204).send(null);
    },
  );
};

function namesOf({ requires = [] }: ArtifactManifest): string[] {
  return requires.flatMap((requirement) =>
    ('anyOf' in requirement ? requirement.anyOf : [requirement]).map(({ name }) => name),
  );
}

/** Of what has not ended, what the caller may see: wanted states are for the whole fleet. */
async function visible(
  { principal, repositories }: FastifyRequest,
  { wantedStates, campaigns, rollouts }: WantedBy,
) {
  if (scopeOf(principal.grants, 'viewer') === 'fleet')
    return { wantedStates: [...wantedStates], campaigns: [...campaigns], rollouts: [...rollouts] };
  const within = async (ids: readonly string[], get: (id: string) => Promise<unknown>): Promise<string[]> => {
    const found = await Promise.allSettled(ids.map(get));
    return ids.filter((_id, index) => found[index]?.status === 'fulfilled');
  };
  return {
    wantedStates: [],
    campaigns: await within(campaigns, (id) => repositories.campaigns.get(id)),
    rollouts: await within(rollouts, (id) => repositories.rollouts.get(id)),
  };
}

/** The schema has seen to its form. */
function signatureOf(header: string | undefined): PublisherSignature | null {
  if (header === undefined) return null;
  const [publicKey = '', sig = ''] = header.split(':');
  return { publicKey, sig };
}

function toWire({ manifest, digest, sizeBytes, createdAt, signedBy }: StoredArtifact) {
  const { name, version, kind } = manifest;
  return {
    name,
    version,
    kind,
    digest,
    sizeBytes,
    createdAt: createdAt.toISOString(),
    signedBy: [...signedBy],
    manifest,
  };
}
