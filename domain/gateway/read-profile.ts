import { Compile } from 'typebox/compile';
import { isSemVer, type Fail } from '../artifact/check-manifest.js';
import { findSchemaProblem } from '../artifact/schema-problem.js';
import { readSource } from '../artifact/source-document.js';
import { limits } from '../limits.js';
import { GatewayProfileSchema, type GatewayProfile } from './profile.js';

const validator = Compile(GatewayProfileSchema);

/**
 * Reads a gateway's profile from a file of its own, YAML or JSON.
 * @throws LeonoreError MALFORMED_INPUT with `file:line:column: path: message`; TOO_LARGE
 */
export function readProfile(text: string, fileName: string): GatewayProfile {
  const source = readSource(text, fileName, { code: 'MALFORMED_INPUT', maxBytes: limits.profileBytes });
  const problem = findSchemaProblem(validator, source.value);
  if (problem !== null) source.fail(problem.path, problem.message, problem.at);
  const profile = source.value as GatewayProfile;
  checkProfile(profile, (path, message) => source.fail(path, message));
  return profile;
}

/**
 * Checks what the schema cannot say. What LEONORE installed has a SemVer version and is there once; tools and
 * components carry whatever version their makers print.
 */
export function checkProfile(profile: GatewayProfile, fail: Fail): void {
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
