import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { isSemVer, type Fail } from '../artifact/check-manifest.js';
import { findSchemaProblem } from '../artifact/schema-problem.js';
import { readSource, type SourceDocument } from '../artifact/source-document.js';
import { limits } from '../limits.js';
import { Text } from '../text.js';
import { GatewayProfileSchema, HardwareSchema, SoftwareSchema, type GatewayProfile } from './profile.js';

const strict = { additionalProperties: false } as const;

/**
 * A profile as somebody writes it into a file: what it leaves out is not known, and who the gateway is does not
 * matter, as nothing is sent to it.
 */
const WrittenProfileSchema = Type.Object(
  {
    ...GatewayProfileSchema.properties,
    id: Type.Optional(Text(256)),
    mac: Type.Optional(Text(256)),
    hardware: Type.Optional(
      Type.Object(
        { ...HardwareSchema.properties, arch: Type.Optional(HardwareSchema.properties.arch) },
        strict,
      ),
    ),
    software: Type.Optional(
      Type.Object({ ...SoftwareSchema.properties, os: Type.Optional(SoftwareSchema.properties.os) }, strict),
    ),
  },
  strict,
);
const validator = Compile(WrittenProfileSchema);

/**
 * Reads a gateway's profile from a file of its own, YAML or JSON.
 * @throws LeonoreError MALFORMED_INPUT with `file:line:column: path: message`; TOO_LARGE
 */
export function readProfile(text: string, fileName: string): GatewayProfile {
  const source = readSource(text, fileName, { code: 'MALFORMED_INPUT', maxBytes: limits.profileFileBytes });
  return profileIn(source, [], source.value);
}

/**
 * The profile at a path of a document. What it does not say of the platform is the empty text, which nothing
 * demands.
 * @throws LeonoreError of the document's code, with the place
 */
export function profileIn(
  source: SourceDocument,
  path: readonly (string | number)[],
  value: unknown,
): GatewayProfile {
  const problem = findSchemaProblem(validator, value);
  if (problem !== null) source.fail([...path, ...problem.path], problem.message, problem.at);
  const written = value as Static<typeof WrittenProfileSchema>;
  const profile = {
    ...written,
    id: written.id ?? '',
    hardware: { ...written.hardware, arch: written.hardware?.arch ?? '' },
    software: { ...written.software, os: written.software?.os ?? '' },
  };
  checkProfile(profile, (below, message) => source.fail([...path, ...below], message));
  return profile;
}

/**
 * Checks what the schema cannot say. What LEONORE installed has a SemVer version and is there once; tools and
 * components carry whatever version their makers print.
 */
function checkProfile(profile: GatewayProfile, fail: Fail): void {
  const seen = new Set<string>();
  profile.installed?.forEach((entry, index) => {
    if (!isSemVer(entry.version)) {
      fail(['installed', index, 'version'], `${JSON.stringify(entry.version)} is not a SemVer 2.0 version`);
    }
    if (seen.has(entry.name)) {
      fail(['installed', index, 'name'], `${JSON.stringify(entry.name)} is installed twice`);
    }
    seen.add(entry.name);
  });
}
