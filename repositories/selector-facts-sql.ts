import { operatorLabels } from '../domain/access/scope.js';
import { readNumber, type FactPath } from '../domain/selector/selector.js';
import { Prisma } from '../prisma/generated/client.js';
import { jsonText } from './database.js';

/**
 * A fact of a gateway as SQL over the row `g` of the table `gateway`: what domain/selector/facts.ts reads of a
 * profile. `value` is null where the fact is not there.
 */
export interface SqlFact {
  readonly type: 'text' | 'version' | 'reported' | 'number' | 'flag';
  readonly value: Prisma.Sql;
  /** A faster way to tell whether a text fact is a text, which an index serves; never null. */
  readonly isText?: (text: string) => Prisma.Sql;
  /** Likewise for a number; `condition` tells it slowly. */
  readonly isNumber?: (number: number, condition: Prisma.Sql) => Prisma.Sql;
}

/** Facts that are one value, by name. */
const singleFacts: ReadonlyMap<string, SqlFact> = new Map<string, SqlFact>([
  ['id', { type: 'text', value: Prisma.sql`g.id`, isText: (text) => Prisma.sql`g.id = ${text}` }],
  ['name', { type: 'text', value: Prisma.sql`(g.profile ->> 'name')` }],
  ['mac', { type: 'text', value: Prisma.sql`(g.profile ->> 'mac')` }],
  ['hardware.arch', { type: 'text', value: Prisma.sql`(g.profile #>> '{hardware,arch}')` }],
  ['hardware.cpus', number(Prisma.sql`g.profile #> '{hardware,cpus}'`)],
  ['hardware.memoryTotal', number(Prisma.sql`g.profile #> '{hardware,memoryTotal}'`)],
  ['hardware.memoryFree', number(Prisma.sql`g.profile #> '{hardware,memoryFree}'`)],
  ['hardware.diskTotal', number(Prisma.sql`g.profile #> '{hardware,diskTotal}'`)],
  ['hardware.diskFree', number(Prisma.sql`g.profile #> '{hardware,diskFree}'`)],
  ['hardware.load', number(Prisma.sql`g.profile #> '{hardware,load}'`)],
  ['hardware.uptimeSeconds', number(Prisma.sql`g.profile #> '{hardware,uptimeSeconds}'`)],
  ['software.os', { type: 'text', value: Prisma.sql`(g.profile #>> '{software,os}')` }],
  ['software.kernel', { type: 'reported', value: Prisma.sql`(g.profile #>> '{software,kernel}')` }],
  [
    'software.libc',
    { type: 'text', value: Prisma.sql`(leonore_read_libc(g.profile #>> '{software,libc}'))[1]` },
  ],
  ['software.libcVersion', reported(Prisma.sql`(leonore_read_libc(g.profile #>> '{software,libc}'))[2]`)],
  ['state.isolation', { type: 'text', value: Prisma.sql`(g.profile #>> '{state,isolation}')` }],
]);

/** Facts that are looked up by a key, by the name of the collection. */
const keyedFacts: ReadonlyMap<string, (key: string) => SqlFact> = new Map<string, (key: string) => SqlFact>([
  ['labels', labelIn(Prisma.sql`g.labels`)],
  [operatorLabels, labelIn(Prisma.sql`g.operator_labels`)],
  ['reported', (key) => ({ type: 'text', value: Prisma.sql`(g.profile -> 'labels' ->> ${key}::text)` })],
  ['software.tools', (key) => reported(versionIn(Prisma.sql`g.profile #> '{software,tools}'`, key))],
  [
    'hardware.components',
    (key) => reported(versionIn(Prisma.sql`g.profile #> '{hardware,components}'`, key)),
  ],
  ['installed', (key) => ({ type: 'version', value: versionIn(Prisma.sql`g.installed`, key) })],
  ['strategies', (key) => flagIn(Prisma.sql`g.profile -> 'strategies'`, key)],
  ['protocols', (key) => flagIn(Prisma.sql`g.profile -> 'protocols'`, key)],
]);

/** @throws RangeError for a path that no parsed selector has */
export function sqlFactOf({ name, key }: FactPath): SqlFact {
  const fact = key === null ? singleFacts.get(name) : keyedFacts.get(name)?.(key);
  if (fact === undefined) throw new RangeError(`there is no fact "${name}"`);
  return fact;
}

function labelIn(labels: Prisma.Sql): (key: string) => SqlFact {
  return (key) => {
    const has = (value: string) => Prisma.sql`${labels} @> ${jsonText({ [key]: value })}::jsonb`;
    return {
      type: 'text',
      value: Prisma.sql`(${labels} ->> ${key}::text)`,
      isText: has,
      // The usual spelling, or one of the others: each has an index.
      isNumber: (number, condition) => {
        const odd = Prisma.sql`${condition} AND leonore_has_odd_number(${labels})`;
        const usual = String(number);
        return readNumber(usual) === null ? Prisma.sql`(${odd})` : Prisma.sql`(${has(usual)} OR (${odd}))`;
      },
    };
  };
}

/** Looked at before it is cast: one odd profile must not fail the statement. */
function number(json: Prisma.Sql): SqlFact {
  const value = Prisma.sql`(CASE WHEN jsonb_typeof(${json}) = 'number' THEN (${json})::float8 END)`;
  return { type: 'number', value };
}

/** The version of the first entry of that name. */
function versionIn(list: Prisma.Sql, name: string): Prisma.Sql {
  return Prisma.sql`(jsonb_path_query_first(${list}, '$[*] ? (@.name == $name).version',
    ${jsonText({ name })}::jsonb) #>> '{}')`;
}

function reported(value: Prisma.Sql): SqlFact {
  return { type: 'reported', value };
}

function flagIn(list: Prisma.Sql, name: string): SqlFact {
  return { type: 'flag', value: Prisma.sql`((${list} @> ${jsonText([name])}::jsonb) IS TRUE)` };
}
