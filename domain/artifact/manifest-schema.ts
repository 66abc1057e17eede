import { ArtifactManifestSchema, namePattern } from './manifest.js';

/**
 * The JSON Schema of artifact.yaml, as editors read it: the schema that LEONORE checks with, and the stricter rule for the
 * name of what is stored.
 */
export const artifactJsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'LEONORE artifact manifest (artifact.yaml)',
  ...ArtifactManifestSchema,
  properties: {
    ...ArtifactManifestSchema.properties,
    name: { ...ArtifactManifestSchema.properties.name, pattern: namePattern },
  },
};
