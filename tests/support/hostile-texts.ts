/** Requests with a text that is none in each place where a route takes one. */

/** What a route says of what it takes; JSON Schema. */
export interface RequestSchemas {
  readonly params?: unknown;
  readonly querystring?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
}
type Part = keyof RequestSchemas;

export interface HostileRequest {
  /** Place of the text: `body/profile/hardware/arch`. */
  readonly place: string;
  readonly text: string;
  /** The schema of the text alone. */
  readonly schema: unknown;
  readonly params: Record<string, string>;
  readonly querystring: Record<string, string | number | boolean>;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

const hostileTexts: readonly string[] = ['a\0b', '\0', 'a\ud800', '\udc00b', '\u{1F600}\u202e\u0001', ''];
/** Longer than any text may be; a longer address or header is refused before there is a route. */
const endless = (part: Part) => 'x'.repeat(part === 'body' ? 600_000 : 5_000);

/** Schemas of the text that is JSON, as far as the routes use them. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly format?: string;
}

/** Texts by the patterns that they are to match. */
const examples = [
  'a1',
  'true',
  '7',
  '1.0.0',
  'a@1',
  'http://127.0.0.1/',
  'a'.repeat(64),
  '2026-01-01T00:00:00Z',
];
const uuid = '00000000-0000-7000-8000-000000000000';

/**
 * Requests as the schemas want them but for one text each.
 * @param fixed values that a property of the name has wherever it is, such as an id that there is
 */
export function hostileRequests(
  schemas: RequestSchemas,
  fixed: Readonly<Record<string, unknown>> = {},
): HostileRequest[] {
  const own = schemas as Readonly<Record<Part, Schema | undefined>>;
  const parts: Part[] = ['params', 'querystring', 'headers', 'body'];
  const whole = Object.fromEntries(
    parts.map((part) => [part, own[part] === undefined ? undefined : exampleOf(own[part], fixed)]),
  );
  return parts.flatMap((part) =>
    textsOf(own[part], whole[part]).flatMap(({ path, schema }) =>
      [...hostileTexts, endless(part)].map((text) => {
        const changed = { ...whole, [part]: replaced(whole[part], path, text) };
        return {
          place: [part, ...path].join('/'),
          text,
          schema,
          params: (changed['params'] ?? {}) as Record<string, string>,
          querystring: (changed['querystring'] ?? {}) as HostileRequest['querystring'],
          headers: (changed['headers'] ?? {}) as Record<string, string>,
          body: changed['body'],
        };
      }),
    ),
  );
}

/** An address with its parameters and its query put in. */
export function addressOf(url: string, { params, querystring }: HostileRequest): string {
  const path = url.replace(/:(\w+)(?:\(.*?\))?/g, (_whole, name: string) =>
    percentEncoded(params[name] ?? 'x'),
  );
  const query = Object.entries(querystring).map(
    ([name, value]) => `${name}=${percentEncoded(String(value))}`,
  );
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

/** As encodeURIComponent, and half a pair as the three bytes that would be its UTF-8. */
function percentEncoded(text: string): string {
  return text.replace(/./gsu, (character) => {
    if (character.isWellFormed()) return encodeURIComponent(character);
    const code = character.charCodeAt(0);
    const bytes = [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)];
    return bytes.map((byte) => `%${byte.toString(16)}`).join('');
  });
}

function exampleOf(schema: Schema, fixed: Readonly<Record<string, unknown>>): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return exampleOf(schema.anyOf[0] ?? {}, fixed);
  switch (schema.type) {
    case 'object': {
      const own = Object.entries(schema.properties ?? {}).map(([name, property]) => [
        name,
        Object.hasOwn(fixed, name) ? fixed[name] : exampleOf(property, fixed),
      ]);
      const others = Object.values(schema.patternProperties ?? {}).map((property) => [
        'a1',
        exampleOf(property, fixed),
      ]);
      return Object.fromEntries([...own, ...others]) as unknown;
    }
    case 'array':
      return [exampleOf(schema.items ?? {}, fixed)];
    case 'string': {
      const pattern = new RegExp(schema.pattern ?? '', 'u');
      return [...examples, uuid].find((text) => pattern.test(text)) ?? 'x';
    }
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    case undefined:
    default:
      return {};
  }
}

/** Where texts are in an example, the names of a record among them. */
function textsOf(schema: Schema | undefined, example: unknown): { path: string[]; schema: Schema }[] {
  if (schema === undefined || example === null || example === undefined) return [];
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((branch) => textsOf(branch, example));
  if (schema.type === 'string' || schema.enum !== undefined) return [{ path: [], schema }];
  const below = (name: string, property: Schema, value: unknown) =>
    textsOf(property, value).map(({ path, schema: of }) => ({ path: [name, ...path], schema: of }));
  if (schema.type === 'array') return below('0', schema.items ?? {}, (example as unknown[])[0]);
  if (schema.type !== 'object') return [];
  const members = example as Record<string, unknown>;
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      below(name, property, members[name]),
    ),
    ...Object.entries(schema.patternProperties ?? {}).flatMap(([pattern, property]) => [
      { path: ['*'], schema: { type: 'string', pattern } },
      ...below('a1', property, members['a1']),
    ]),
  ];
}

function replaced(value: unknown, [name, ...rest]: readonly string[], text: string): unknown {
  if (name === undefined) return text;
  if (Array.isArray(value)) return [replaced(value[Number(name)], rest, text)];
  const members = value as Record<string, unknown>;
  if (name === '*') return { [text]: members['a1'] };
  return { ...members, [name]: replaced(members[name], rest, text) };
}
