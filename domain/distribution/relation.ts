import { LeonoreError } from '../errors.js';

type Operator = '<<' | '<=' | '=' | '>=' | '>>';

/** One package that a field names. */
export interface Relation {
  readonly name: string;
  /** Of which architecture it must be: `any`, `native` or one by name; undefined: the same. */
  readonly architecture: string | undefined;
  readonly bound: { readonly operator: Operator; readonly version: string } | undefined;
}

const shape =
  /^([A-Za-z0-9][A-Za-z0-9.+_-]*)(?::([A-Za-z0-9-]+))?(?:\s*\(\s*(<<|>>|<=|>=|=|<|>)\s*([^\s()<>=]+)\s*\))?$/u;

/** `<` and `>` meant what `<=` and `>=` mean now. */
const older: Readonly<Record<string, Operator>> = { '<': '<=', '>': '>=' };

/**
 * Reads a field such as Depends: groups, in each of them alternatives.
 * @throws LeonoreError MALFORMED_INPUT
 */
export function readRelations(text: string): Relation[][] {
  return text
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '')
    .map((group) => group.split('|').map((one) => readRelation(one.trim())));
}

function readRelation(text: string): Relation {
  const [, name, architecture, operator, version] = shape.exec(text) ?? [];
  if (name === undefined)
    throw new LeonoreError('MALFORMED_INPUT', `${JSON.stringify(text.slice(0, 100))} names no package`);
  const bound =
    operator === undefined || version === undefined
      ? undefined
      : { operator: older[operator] ?? (operator as Operator), version };
  return { name, architecture, bound };
}
