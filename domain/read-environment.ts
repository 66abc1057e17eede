import type { Static, TObject } from 'typebox';
import Value from 'typebox/value';
import { LeonoreError } from './errors.js';

/**
 * Reads a process's configuration from its environment: every variable converted to its type, defaults filled in,
 * unknown variables ignored.
 * @throws LeonoreError MALFORMED_INPUT naming the first variable that is missing or malformed, never its value
 */
export function readEnvironment<T extends TObject>(
  schema: T,
  environment: Readonly<Record<string, string | undefined>>,
): Static<T> {
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(schema.properties)) {
    const value = environment[name];
    if (value !== undefined && value !== '') given[name] = value;
  }
  const converted = Value.Convert(schema, Value.Default(schema, given));
  if (Value.Check(schema, converted)) return converted;
  const first = Value.Errors(schema, converted)[0];
  const place =
    first === undefined
      ? 'the environment'
      : `${first.instancePath.slice(1) || 'the environment'} ${first.message}`;
  throw new LeonoreError('MALFORMED_INPUT', `configuration: ${place}`);
}
