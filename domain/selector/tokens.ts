import { LeonoreError } from '../errors.js';
import { limits } from '../limits.js';

export interface Token {
  readonly type: 'word' | 'text' | 'number' | 'sign' | 'end';
  readonly text: string;
  /** Value of a number token, with its unit. */
  readonly value?: number;
  /** 1-based. */
  readonly column: number;
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

// Sticky patterns, each linear: no two parts of one pattern can match the same characters.
const space = /\s+/uy;
const word = /[A-Za-z_][A-Za-z0-9_./+-]*/uy;
const number = /(-?[0-9]+(?:\.[0-9]+)?)([A-Za-z]*)/uy;
const text = /"([^"\\]|\\["\\])*"|'([^'\\]|\\['\\])*'/uy;
/** What no gateway can report, as PostgreSQL holds neither: NUL, and one half of a surrogate pair. */
const unreportable = /[\0\p{Surrogate}]/u;
const sign = /==|!=|<=|>=|&&|\|\||[<>!()~,[\]]/uy;

/** The error of a selector that cannot be read. */
export function malformedSelector(source: string, column: number, message: string): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', `selector, column ${column}: ${message}`, {
    selector: source.slice(0, limits.selectorLength),
    column,
  });
}

/**
 * Splits a selector into tokens; the last one is `end`.
 * @throws LeonoreError MALFORMED_INPUT with the column
 */
export function tokensOf(source: string): Token[] {
  if (source.length > limits.selectorLength) {
    throw malformedSelector(source, limits.selectorLength + 1, 'the selector is too long');
  }
  const misplaced = source.search(unreportable);
  if (misplaced !== -1) {
    throw malformedSelector(source, misplaced + 1, `unexpected ${JSON.stringify(source[misplaced])}`);
  }
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(space);
    const column = at + 1;
    if (at >= source.length) return [...tokens, { type: 'end', text: 'the end', column }];
    let match = take(text);
    if (match !== null) {
      tokens.push({ type: 'text', text: match[0].slice(1, -1).replace(/\\(.)/gu, '$1'), column });
      continue;
    }
    match = take(number);
    if (match !== null) {
      const unit = match[2] ?? '';
      const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
      if (factor === undefined) throw malformedSelector(source, column, `"${unit}" is not a unit`);
      tokens.push({ type: 'number', text: match[0], value: Number(match[1]) * factor, column });
      continue;
    }
    match = take(word);
    if (match !== null) {
      tokens.push({ type: 'word', text: match[0], column });
      continue;
    }
    match = take(sign);
    if (match === null) {
      throw malformedSelector(source, column, `unexpected ${JSON.stringify(source.slice(at, at + 1))}`);
    }
    tokens.push({ type: 'sign', text: match[0], column });
  }
}
