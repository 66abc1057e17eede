import semver from 'semver';
import { reportedVersion } from '../domain/gateway/reported-version.js';
import {
  readNumber,
  readVersion,
  type Literal,
  type Operator,
  type Selector,
  type SelectorNode,
} from '../domain/selector/selector.js';
import { Prisma } from '../prisma/generated/client.js';
import { sqlFactOf, type SqlFact } from './selector-facts-sql.js';

/** Operators that ask for an order. */
type Comparison = Exclude<Operator, '!=' | '~'>;

const signs: Readonly<Record<Comparison, Prisma.Sql>> = {
  '==': Prisma.sql`=`,
  '<': Prisma.sql`<`,
  '<=': Prisma.sql`<=`,
  '>': Prisma.sql`>`,
  '>=': Prisma.sql`>=`,
};
/** Operators that hold for what is equal. */
const includesEqual: ReadonlySet<Operator> = new Set<Operator>(['==', '<=', '>=']);
const never = Prisma.sql`false`;
/** The pattern of domain/selector/values.ts. */
const looksLikeNumber = Prisma.sql`'^-?[0-9]{1,15}([.][0-9]{1,15})?$'`;

/**
 * A selector as a condition on the row `g` of the table `gateway`: what `matches` of domain/selector answers for the
 * gateway's profile with its labels and what is installed. It is true or false, never null, and every text and number
 * of the selector is a parameter.
 */
export function selectorSql(selector: Selector): Prisma.Sql {
  return nodeSql(selector.root);
}

function nodeSql(node: SelectorNode): Prisma.Sql {
  switch (node.type) {
    case 'or':
      return Prisma.join(node.parts.map(nodeSql), ' OR ', '(', ')');
    case 'and':
      return Prisma.join(node.parts.map(nodeSql), ' AND ', '(', ')');
    case 'not':
      return Prisma.sql`(NOT ${nodeSql(node.part)})`;
    case 'holds':
      return holdsSql(sqlFactOf(node.path));
    case 'in': {
      const fact = sqlFactOf(node.path);
      return Prisma.join(
        node.literals.map((literal) => compareSql(fact, '==', literal)),
        ' OR ',
        '(',
        ')',
      );
    }
    case 'compare':
      return compareSql(sqlFactOf(node.path), node.operator, node.literal);
  }
}

/** Whether a fact is there, and neither empty, zero nor "false". */
function holdsSql({ type, value }: SqlFact): Prisma.Sql {
  switch (type) {
    case 'flag':
      return value;
    case 'number':
      return isTrue(Prisma.sql`${value} <> 0`);
    case 'text':
    case 'version':
    case 'reported':
      return isTrue(Prisma.sql`${value} NOT IN ('', 'false')`);
  }
}

function compareSql(fact: SqlFact, operator: Operator, literal: Literal): Prisma.Sql {
  if (operator === '!=') return Prisma.sql`(NOT ${compareSql(fact, '==', literal)})`;
  if (operator === '~') return satisfiesSql(fact, String(literal));
  if (fact.type === 'flag') return flagSql(fact, operator, literal);
  if (typeof literal === 'boolean') return sameTextSql(fact, operator, String(literal));
  switch (fact.type) {
    case 'number':
      return numberSql(fact, operator, readNumber(literal));
    case 'version':
    case 'reported':
      return versionSql(fact, operator, String(literal));
    case 'text':
      return textSql(fact, operator, literal);
  }
}

function flagSql({ value }: SqlFact, operator: Comparison, literal: Literal): Prisma.Sql {
  if (!includesEqual.has(operator)) return never;
  if (String(literal) === 'true') return value;
  return String(literal) === 'false' ? Prisma.sql`(NOT ${value})` : never;
}

/** For what has no order: equal as text, or not at all. */
function sameTextSql({ type, value, isText }: SqlFact, operator: Comparison, text: string): Prisma.Sql {
  if (type === 'number' || !includesEqual.has(operator)) return never;
  return isText?.(text) ?? isTrue(Prisma.sql`${value} = ${text}`);
}

function numberSql({ value }: SqlFact, operator: Comparison, literal: number | null): Prisma.Sql {
  return literal === null ? never : isTrue(Prisma.sql`${value} ${signs[operator]} ${double(literal)}`);
}

function versionSql(fact: SqlFact, operator: Comparison, literal: string): Prisma.Sql {
  const version = fact.type === 'reported' ? reportedVersion(literal) : readVersion(literal);
  if (version === null) return sameTextSql(fact, operator, literal);
  const read = fact.type === 'reported' ? readReported(fact.value) : readAsWritten(fact.value);
  return isTrue(Prisma.sql`leonore_compare_versions(${read}, ${partsOf(version)}) ${signs[operator]} 0`);
}

/** Text compares as a number when both sides are numbers, else as text with text. */
function textSql(fact: SqlFact, operator: Comparison, literal: string | number): Prisma.Sql {
  const { value } = fact;
  const asText = typeof literal === 'string' ? textOrderSql(fact, operator, literal) : never;
  const number = readNumber(literal);
  if (number === null) return asText;
  const condition = isTrue(Prisma.sql`CASE WHEN ${value} ~ ${looksLikeNumber}
    THEN (${value})::float8 ${signs[operator]} ${double(number)} ELSE ${asText} END`);
  return operator === '==' ? (fact.isNumber?.(number, condition) ?? condition) : condition;
}

function textOrderSql(fact: SqlFact, operator: Comparison, literal: string): Prisma.Sql {
  if (operator === '==') return sameTextSql(fact, operator, literal);
  const [left, right] = hasCharacterOutOfOrder(literal)
    ? [
        Prisma.sql`leonore_code_unit_order(${fact.value})`,
        Prisma.sql`leonore_code_unit_order(${literal}::text)`,
      ]
    : [fact.value, Prisma.sql`${literal}::text`];
  return isTrue(Prisma.sql`${left} COLLATE "C" ${signs[operator]} ${right} COLLATE "C"`);
}

/** Tells texts whose order among others differs between bytes of UTF-8 and code units of UTF-16. */
function hasCharacterOutOfOrder(text: string): boolean {
  return /[\u{E000}-\u{10FFFF}]/u.test(text);
}

function readAsWritten(value: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`leonore_read_version(${value})`;
}

function readReported(value: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`leonore_read_reported_version(${value})`;
}

/** A version range, as `semver.satisfies` tests it; the version is read once a row, what is reported in both ways. */
function satisfiesSql({ type, value }: SqlFact, range: string): Prisma.Sql {
  // No version can be read from "true" or "false".
  if (type === 'flag') return never;
  const text = type === 'number' ? numberTextSql(value) : value;
  const sets = Prisma.join(new semver.Range(range).set.map(comparatorsSql), ' OR ');
  const holds = (version: Prisma.Sql) =>
    isTrue(Prisma.sql`(SELECT ${sets}
      FROM (SELECT ${version} AS version OFFSET 0) AS fact WHERE version IS NOT NULL)`);
  const asWritten = holds(readAsWritten(text));
  return type === 'reported' ? Prisma.sql`(${asWritten} OR ${holds(readReported(text))})` : asWritten;
}

/** Comparators that all must hold. */
function comparatorsSql(comparators: readonly semver.Comparator[]): Prisma.Sql {
  // One without a value is met by every version.
  const demands = comparators.filter(({ value }) => value !== '');
  // A prerelease is meant only where one of the same version is named.
  const named = demands.filter(({ semver: { prerelease } }) => prerelease.length > 0);
  const meant = Prisma.join(
    [
      Prisma.sql`cardinality(version) = 3`,
      ...named.map(
        ({ semver: { major, minor, patch } }) =>
          Prisma.sql`version[1:3] = ${[major, minor, patch].map(String)}::text[]`,
      ),
    ],
    ' OR ',
    '(',
    ')',
  );
  return Prisma.join([...demands.map(comparatorSql), meant], ' AND ', '(', ')');
}

function comparatorSql({ operator, semver: version }: semver.Comparator): Prisma.Sql {
  const sign = signs[operator === '' || operator === '=' ? '==' : operator];
  return Prisma.sql`leonore_compare_versions(version, ${partsOf(version)}) ${sign} 0`;
}

/** A number as JavaScript writes it, so that a version can be read from it. */
function numberTextSql(value: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`CASE WHEN abs(${value}) >= 1e21 OR (abs(${value}) < 1e-6 AND ${value} <> 0)
    THEN ${value}::text ELSE ${value}::text::numeric::text END`;
}

/** A version as the SQL function leonore_read_version gives it. */
function partsOf({ major, minor, patch, prerelease }: semver.SemVer): Prisma.Sql {
  return Prisma.sql`${[major, minor, patch, ...prerelease].map(String)}::text[]`;
}

/** As text, in which PostgreSQL takes any double, infinite ones too. */
function double(value: number): Prisma.Sql {
  return Prisma.sql`${String(value)}::float8`;
}

function isTrue(condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`((${condition}) IS TRUE)`;
}
