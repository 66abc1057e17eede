import type { Validator } from 'typebox/compile';
import { nearestName } from '../nearest-name.js';
import { textPattern, textRule } from '../text.js';
import type { PlacePath } from './json-places.js';

/** The first thing wrong with a value, in words for the author of the document. */
export interface SchemaProblem {
  readonly path: PlacePath;
  readonly message: string;
  /** Whether the key or the value is at fault. */
  readonly at: 'key' | 'value';
}

interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/** Finds the first problem of a value that the schema does not accept; null when it does. */
export function findSchemaProblem(validator: Validator, value: unknown): SchemaProblem | null {
  if (validator.Check(value)) return null;
  const errors = (validator.Errors(value) as SchemaError[]).filter((error) => isOfInterest(error, value));
  // An unknown field first: it is often a misspelt one, which would then be reported as missing.
  const error = errors.find((candidate) => candidate.keyword === 'boolean') ?? errors[0];
  if (error === undefined) return { path: [], message: 'it does not have the expected shape', at: 'value' };
  return describe(error, value, () => namesAt(validator, error));
}

/** @param names of fields that may stand where an unknown one does */
function describe(error: SchemaError, value: unknown, names: () => readonly string[]): SchemaProblem {
  const path = pathOf(error.instancePath, value);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'boolean':
      // `additionalProperties: false` meets each unknown field with the schema that accepts nothing.
      return {
        path,
        message: `unknown field ${shorten(path.at(-1))}${meant(path.at(-1), names())}`,
        at: 'key',
      };
    case 'required': {
      const [name] = params['requiredProperties'] as string[];
      return { path, message: `the field ${shorten(name)} is missing`, at: 'value' };
    }
    case 'type': {
      const found = valueAt(value, path);
      const hint = params['type'] === 'string' && typeof found === 'number' ? ' (put it in quotes)' : '';
      return { path, message: `${error.message}, found ${shorten(found)}${hint}`, at: 'value' };
    }
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[] | undefined)?.map(String);
      const found = valueAt(value, path);
      const message = allowed === undefined ? error.message : `must be one of ${allowed.join(', ')}`;
      return {
        path,
        message: `${message}; found ${shorten(found)}${meant(found, allowed ?? [])}`,
        at: 'value',
      };
    }
    case 'pattern': {
      const message = params['pattern'] === textPattern ? textRule : error.message;
      return { path, message: `${message}, found ${shorten(valueAt(value, path))}`, at: 'value' };
    }
    case 'const':
      return { path, message: `${error.message}, found ${shorten(valueAt(value, path))}`, at: 'value' };
    case 'oneOf':
      return { path, message: oneOfMessage(names()), at: 'value' };
    default:
      return { path, message: error.message, at: 'value' };
  }
}

function meant(found: unknown, known: readonly string[]): string {
  const near = typeof found === 'string' ? nearestName(found, known) : null;
  return near === null ? '' : `; did you mean ${shorten(near)}?`;
}

function oneOfMessage(names: readonly string[]): string {
  return `must have exactly one of ${names.join(', ')}`;
}

/** What an error is about: the fields of an object with an unknown one, or those that the branches of a `oneOf` ask for. */
function namesAt(validator: Validator, { keyword, schemaPath }: SchemaError): string[] {
  const path = pathOf(schemaPath.replace(/^#/u, ''), validator.Type());
  // An unknown field meets `additionalProperties: false`, which stands beside the known ones.
  const schema = valueAt(validator.Type(), keyword === 'boolean' ? path.slice(0, -1) : path);
  const { properties = {}, oneOf = [] } = (schema ?? {}) as {
    properties?: object;
    oneOf?: readonly { required?: readonly string[] }[];
  };
  return keyword === 'oneOf' ? oneOf.flatMap(({ required = [] }) => required) : Object.keys(properties);
}

/**
 * A union reports the errors of all its branches; only those of the branch that the author meant are of interest:
 * of a requirement the one with `anyOf` when the value has it.
 */
function isOfInterest(error: SchemaError, value: unknown): boolean {
  if (error.keyword === 'additionalProperties' || error.keyword === 'anyOf') return false;
  // What the branches of a `oneOf` say is summed up by its own error.
  if (error.schemaPath.includes('/oneOf/')) return false;
  const branch = /^(.*\/requires\/items|.*\/requires\/[^/]+)?\/?anyOf\/(\d+)/u.exec(error.schemaPath);
  if (branch === null) return true;
  const requirement = valueAt(value, requirementPath(error.instancePath, value));
  const meantAnyOf = typeof requirement === 'object' && requirement !== null && 'anyOf' in requirement;
  return branch[2] === (meantAnyOf ? '1' : '0');
}

/** The part of a path up to and with the element of `requires`. */
function requirementPath(instancePath: string, value: unknown): PlacePath {
  const path = pathOf(instancePath, value);
  const at = path.indexOf('requires');
  return at < 0 ? path : path.slice(0, at + 2);
}

/** A JSON pointer as a path; a step into an array becomes a number. */
function pathOf(pointer: string, value: unknown): PlacePath {
  const path: (string | number)[] = [];
  let node = value;
  for (const raw of pointer.split('/').slice(1)) {
    const step = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(node) ? Number(step) : step);
    node = valueAt(node, path.slice(-1));
  }
  return path;
}

function valueAt(value: unknown, path: PlacePath): unknown {
  let node = value;
  for (const step of path) {
    if (typeof node !== 'object' || node === null) return undefined;
    node = (node as Record<string | number, unknown>)[step];
  }
  return node;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return 'nothing';
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
