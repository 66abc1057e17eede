import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { findSchemaProblem } from '../artifact/schema-problem.js';
import { readSource } from '../artifact/source-document.js';
import { LeonoreError } from '../errors.js';
import { limits } from '../limits.js';
import { RecordOf, Text } from '../text.js';
import { grantText, type Grant } from './grant.js';
import { roles } from './role.js';
import { parseScope } from './scope.js';

const GroupRolesSchema = RecordOf(
  '^[^\\u0000\\ud800-\\udfff]{1,200}$',
  Type.Array(
    Type.Object(
      { role: Type.Enum([...roles]), scope: Type.Optional(Text(limits.scopeLength, { minLength: 1 })) },
      { additionalProperties: false },
    ),
    { minItems: 1, maxItems: limits.grants },
  ),
  { maxProperties: limits.mappedGroups },
);
const validator = Compile(GroupRolesSchema);

/** What members of a group may do, by its name at the identity provider. */
export type GroupRoles = ReadonlyMap<string, readonly Grant[]>;

/**
 * Reads which groups have which roles, YAML or JSON: `{ group: [ { role, scope } ] }`.
 * @param fileName named in errors only
 * @throws LeonoreError MALFORMED_INPUT with `file:line:column: path: message`; TOO_LARGE
 */
export function readGroupRoles(text: string, fileName: string): GroupRoles {
  const source = readSource(text, fileName, { code: 'MALFORMED_INPUT', maxBytes: limits.groupRolesBytes });
  const problem = findSchemaProblem(validator, source.value);
  if (problem !== null) source.fail(problem.path, problem.message, problem.at);
  const groups = source.value as Readonly<Record<string, readonly { role: Grant['role']; scope?: string }[]>>;
  const read = Object.entries(groups).map(([group, grants]) => {
    const granted = grants.map(({ role, scope = null }, index) => {
      if (scope !== null) checkScope(scope, (message) => source.fail([group, index, 'scope'], message));
      return { role, scope };
    });
    return [group, granted] as const;
  });
  return new Map(read);
}

/**
 * What somebody may do by the groups that he is in: the grants of each as they are, each once.
 * @throws LeonoreError FORBIDDEN when there are more than one principal may have
 */
export function grantsOfGroups(groupRoles: GroupRoles, groups: readonly string[]): Grant[] {
  const granted = groups.flatMap((group) => groupRoles.get(group) ?? []);
  const distinct = [...new Map(granted.map((grant) => [grantText(grant), grant])).values()];
  if (distinct.length <= limits.grants) return distinct;
  throw new LeonoreError(
    'FORBIDDEN',
    `the groups have ${distinct.length} roles with scopes together; one principal has at most ${limits.grants}`,
  );
}

function checkScope(scope: string, fail: (message: string) => never): void {
  try {
    parseScope(scope);
  } catch (error) {
    if (error instanceof LeonoreError) fail(error.message);
    throw error;
  }
}
