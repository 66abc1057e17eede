import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../process/package-root.js';

/** As much of Prisma's own description of a schema as is read here. */
interface Datamodel {
  readonly models: readonly Model[];
  readonly indexes: readonly {
    readonly model: string;
    readonly type: 'id' | 'unique' | 'normal' | 'fulltext';
    readonly fields: readonly { readonly name: string; readonly sortOrder?: 'asc' | 'desc' }[];
    readonly algorithm?: string;
  }[];
}

interface Model {
  readonly name: string;
  readonly dbName: string | null;
  readonly fields: readonly Field[];
}

interface Field {
  readonly name: string;
  readonly dbName?: string | null;
  readonly kind: 'scalar' | 'object' | 'enum' | 'unsupported';
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly type: string;
  readonly nativeType: readonly [string, readonly string[]] | null;
  readonly default?: string | number | boolean | readonly unknown[] | DefaultCall;
  readonly relationFromFields?: readonly string[];
  readonly relationToFields?: readonly string[];
  readonly relationOnDelete?: string;
  readonly relationOnUpdate?: string;
}

interface DefaultCall {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** A generator of Prisma that writes down what it is told of the schema. */
const generator = `
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (method === 'generate') writeFileSync(process.argv[2], JSON.stringify(params.dmmf.datamodel));
  const result = method === 'getManifest' ? { manifest: {} } : null;
  process.stderr.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
  if (method === 'generate') process.exit(0);
}
`;

/** What Prisma reads in prisma/schema.prisma, asked of Prisma itself. */
async function readDatamodel(): Promise<Datamodel> {
  const directory = await mkdtemp(join(tmpdir(), 'leonore-prisma-'));
  try {
    const [script, answer, schema] = ['write.mjs', 'datamodel.json', 'schema.prisma'].map((name) =>
      join(directory, name),
    ) as [string, string, string];
    await writeFile(script, generator);
    const own = await readFile(join(packageRoot(), 'prisma', 'schema.prisma'), 'utf8');
    const block = `generator facts {\n  provider = "node ${script} ${answer}"\n  output = "./none"\n}`;
    await writeFile(
      schema,
      own.replace(/generator \w+ \{[^}]*\}/, () => block),
    );
    await promisify(execFile)(
      join(packageRoot(), 'node_modules', '.bin', 'prisma'),
      ['generate', '--schema', schema, '--no-hints'],
      {
        cwd: packageRoot(),
        // As in scripts/build.mjs: the CLI would otherwise download an engine that nothing uses.
        env: {
          ...process.env,
          NODE_OPTIONS: '',
          PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
          PRISMA_HIDE_UPDATE_MESSAGE: '1',
          CHECKPOINT_DISABLE: '1',
        },
      },
    );
    return JSON.parse(await readFile(answer, 'utf8')) as Datamodel;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const nativeTypes: Readonly<Record<string, string>> = {
  Uuid: 'uuid',
  Text: 'text',
  SmallInt: 'smallint',
  Date: 'date',
};
const scalarTypes: Readonly<Record<string, string>> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Float: 'double precision',
  Boolean: 'boolean',
  Json: 'jsonb',
  Bytes: 'bytea',
  DateTime: 'timestamp(3) without time zone',
};

/**
 * What prisma/schema.prisma says of the database, one line a fact, in the words of database-facts.ts.
 * @throws Error when the schema uses a type that has no counterpart here yet
 */
export async function prismaFacts(): Promise<string[]> {
  const { models, indexes } = await readDatamodel();
  const byName = new Map(models.map((model) => [model.name, model]));
  const facts: string[] = [];
  for (const model of models) {
    const table = tableOf(model);
    facts.push(`table ${table}`);
    for (const field of model.fields) {
      if (field.kind === 'object') facts.push(...foreignKey(model, field, byName));
      else facts.push(...column(table, field));
    }
  }
  for (const { model: name, type, fields, algorithm } of indexes) {
    const model = byName.get(name);
    if (model === undefined) continue;
    const columns = fields.map((field) => {
      const order = field.sortOrder === 'desc' ? ' DESC' : '';
      return columnOf(model, field.name) + order;
    });
    const kind = { id: 'primary key', unique: 'unique', normal: 'index', fulltext: 'fulltext' }[type];
    const using = algorithm === undefined || algorithm === 'BTree' ? '' : ` using ${algorithm.toLowerCase()}`;
    facts.push(`${tableOf(model)} ${kind} (${columns.join(', ')})${using}`);
  }
  return facts.sort();
}

function tableOf(model: Model): string {
  return model.dbName ?? model.name;
}

function columnOf(model: Model, name: string): string {
  return model.fields.find((field) => field.name === name)?.dbName ?? name;
}

function column(table: string, field: Field): string[] {
  const name = `${table}.${field.dbName ?? field.name}`;
  const facts = [`${name} ${typeOf(field)}`, `${name} ${field.isRequired ? 'not null' : 'nullable'}`];
  if (field.default !== undefined) facts.push(`${name} default ${defaultOf(field, field.default)}`);
  return facts;
}

function typeOf(field: Field): string {
  return `${elementType(field)}${field.isList ? '[]' : ''}`;
}

function elementType({ name, type, nativeType }: Field): string {
  if (nativeType === null) {
    const own = scalarTypes[type];
    if (own === undefined) throw new Error(`${name}: no counterpart is known of the type ${type}`);
    return own;
  }
  const [native, [precision]] = nativeType;
  if (native === 'Timestamptz') return `timestamp(${precision ?? '6'}) with time zone`;
  if (native === 'VarChar') return `character varying(${precision ?? ''})`;
  const own = nativeTypes[native];
  if (own === undefined) throw new Error(`${name}: no counterpart is known of the type @db.${native}`);
  return own;
}

function defaultOf(field: Field, value: NonNullable<Field['default']>): string {
  if (Array.isArray(value)) {
    if (value.length > 0) throw new Error(`${field.name}: no counterpart is known of a default list`);
    return `'{}'::${typeOf(field)}`;
  }
  if (typeof value !== 'object') {
    return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'::${elementType(field)}` : `${value}`;
  }
  const { name, args } = value as DefaultCall;
  return name === 'dbgenerated' ? String(args[0]) : `${name}()`;
}

/**
 * What is not stated is what SQL does when nothing is stated: the defaults of Prisma are for migrations that it writes,
 * and these are written by hand.
 */
function foreignKey(model: Model, field: Field, models: ReadonlyMap<string, Model>): string[] {
  const { relationFromFields: from = [], relationToFields: to = [], type } = field;
  const target = models.get(type);
  if (from.length === 0 || target === undefined) return [];
  const own = from.map((name) => columnOf(model, name)).join(', ');
  const theirs = to.map((name) => columnOf(target, name)).join(', ');
  const action = (stated = 'NoAction') => stated.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return [
    `${tableOf(model)} foreign key (${own}) to ${tableOf(target)} (${theirs})` +
      ` on delete ${action(field.relationOnDelete)} on update ${action(field.relationOnUpdate)}`,
  ];
}
