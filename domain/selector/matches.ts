import semver from 'semver';
import type { SelectableProfile } from '../gateway/profile.js';
import { reportedVersion } from '../gateway/reported-version.js';
import { factOf, type Fact, type Labels } from './facts.js';
import type { Literal, Operator, Selector, SelectorNode } from './syntax.js';
import { readNumber, readVersion } from './values.js';

/**
 * Tells whether a selector holds for a gateway.
 *
 * A fact that is not there fails every comparison, so `!=` holds for it. A bare fact holds unless it is missing,
 * empty, zero or "false". Text compares as a number when both sides are numbers.
 *
 * @param labels the operator's labels; they win over those in the profile
 */
export function matches(selector: Selector, profile: SelectableProfile, labels: Labels = {}): boolean {
  return holds(selector.root, profile, { ...profile.labels, ...labels });
}

function holds(node: SelectorNode, profile: SelectableProfile, labels: Labels): boolean {
  switch (node.type) {
    case 'or':
      return node.parts.some((part) => holds(part, profile, labels));
    case 'and':
      return node.parts.every((part) => holds(part, profile, labels));
    case 'not':
      return !holds(node.part, profile, labels);
    case 'holds':
      return isTruthy(factOf(node.path, profile, labels));
    case 'in': {
      const fact = factOf(node.path, profile, labels);
      return node.literals.some((literal) => compare(fact, '==', literal));
    }
    case 'compare':
      return compare(factOf(node.path, profile, labels), node.operator, node.literal);
  }
}

function isTruthy(fact: Fact): boolean {
  return fact !== undefined && fact.value !== '' && fact.value !== 'false' && Boolean(fact.value);
}

function compare(fact: Fact, operator: Operator, literal: Literal): boolean {
  if (operator === '!=') return !compare(fact, '==', literal);
  if (fact === undefined) return false;
  if (operator === '~') {
    const read = fact.type === 'reported' ? [readVersion, reportedVersion] : [readVersion];
    return read.some((reader) => {
      const version = reader(String(fact.value));
      return version !== null && semver.satisfies(version, String(literal));
    });
  }
  const order = orderOf(fact, literal);
  if (order === null) return false;
  switch (operator) {
    case '==':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** Negative, zero or positive as the fact is below, equal to or above the literal; null when not comparable. */
function orderOf(fact: NonNullable<Fact>, literal: Literal): number | null {
  if (typeof literal === 'boolean' || fact.type === 'flag') {
    return String(fact.value) === String(literal) ? 0 : null;
  }
  if (fact.type === 'version' || fact.type === 'reported') {
    const read = fact.type === 'version' ? readVersion : reportedVersion;
    const [left, right] = [read(fact.value), read(String(literal))];
    if (left !== null && right !== null) return semver.compare(left, right);
    return fact.value === String(literal) ? 0 : null;
  }
  const [left, right] = [readNumber(fact.value), readNumber(literal)];
  if (left !== null && right !== null) return left - right;
  if (fact.value === literal) return 0;
  return typeof literal === 'string' && fact.type === 'text' ? (fact.value < literal ? -1 : 1) : null;
}
