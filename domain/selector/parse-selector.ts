import semver from 'semver';
import { keyedFacts, singleFacts } from './facts.js';
import type { FactPath, Literal, Operator, Selector, SelectorNode } from './syntax.js';
import { malformedSelector, tokensOf, type Token } from './tokens.js';

const operators: readonly string[] = ['==', '!=', '<', '<=', '>', '>=', '~'] satisfies Operator[];
/** Bounds the recursion of parser and evaluation. */
const maxDepth = 32;

/**
 * Reads a selector; the language is described in selector.ts.
 * @throws LeonoreError MALFORMED_INPUT whose message and details name the column (1-based)
 */
export function parseSelector(text: string): Selector {
  return { text, root: new Parser(text).parse() };
}

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(private readonly source: string) {
    this.tokens = tokensOf(source);
  }

  parse(): SelectorNode {
    const root = this.chain('or', 0);
    if (this.peek().type !== 'end') this.fail('expected "&&", "||" or the end');
    return root;
  }

  private chain(type: 'or' | 'and', depth: number): SelectorNode {
    if (depth > maxDepth) this.fail('nested too deeply');
    const sign = type === 'or' ? '||' : '&&';
    const next = (): SelectorNode => (type === 'or' ? this.chain('and', depth) : this.not(depth));
    const parts = [next()];
    while (this.accept(sign)) parts.push(next());
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { type, parts };
  }

  private not(depth: number): SelectorNode {
    if (depth > maxDepth) this.fail('nested too deeply');
    if (this.accept('!')) return { type: 'not', part: this.not(depth + 1) };
    if (this.accept('(')) {
      const inner = this.chain('or', depth + 1);
      this.expect(')');
      return inner;
    }
    return this.condition();
  }

  private condition(): SelectorNode {
    const path = this.path();
    const token = this.peek();
    if (token.type === 'word' && token.text === 'in') {
      this.at += 1;
      this.expect('(');
      const literals = [this.literal()];
      while (this.accept(',')) literals.push(this.literal());
      this.expect(')');
      return { type: 'in', path, literals };
    }
    if (token.type !== 'sign' || !operators.includes(token.text)) return { type: 'holds', path };
    this.at += 1;
    const operator = token.text as Operator;
    const column = this.peek().column;
    const literal = this.literal();
    if (operator === '~' && (typeof literal !== 'string' || semver.validRange(literal) === null)) {
      throw malformedSelector(this.source, column, '"~" needs a version range in quotes');
    }
    return { type: 'compare', path, operator, literal };
  }

  private path(): FactPath {
    const token = this.peek();
    if (token.type !== 'word') this.fail('expected a fact such as labels.NAME or hardware.arch');
    this.at += 1;
    if (singleFacts.has(token.text)) return { name: token.text, key: null };
    if (keyedFacts.has(token.text)) {
      this.expect('[');
      const key = this.peek();
      if (key.type !== 'text') this.fail('expected a key in quotes');
      this.at += 1;
      this.expect(']');
      return { name: token.text, key: key.text };
    }
    for (const name of keyedFacts.keys()) {
      if (token.text.startsWith(`${name}.`) && token.text.length > name.length + 1) {
        return { name, key: token.text.slice(name.length + 1) };
      }
    }
    const known = [...singleFacts.keys(), ...[...keyedFacts.keys()].map((name) => `${name}.KEY`)];
    throw malformedSelector(
      this.source,
      token.column,
      `"${token.text}" is not a fact of a gateway; there are ${known.join(', ')}`,
    );
  }

  private literal(): Literal {
    const token = this.peek();
    this.at += 1;
    if (token.type === 'text') return token.text;
    if (token.type === 'number') return token.value ?? 0;
    if (token.type === 'word' && (token.text === 'true' || token.text === 'false')) {
      return token.text === 'true';
    }
    this.at -= 1;
    return this.fail('expected a value: "text", a number, true or false');
  }

  private peek(): Token {
    const token = this.tokens[this.at];
    // The list ends with `end`, which no rule consumes.
    if (token === undefined) throw new RangeError('read past the end of a selector');
    return token;
  }

  private accept(sign: string): boolean {
    const token = this.peek();
    if (token.type !== 'sign' || token.text !== sign) return false;
    this.at += 1;
    return true;
  }

  private expect(sign: string): void {
    if (!this.accept(sign)) this.fail(`expected "${sign}"`);
  }

  private fail(message: string): never {
    const token = this.peek();
    throw malformedSelector(
      this.source,
      token.column,
      `${message}, found ${token.type === 'end' ? 'the end' : JSON.stringify(token.text)}`,
    );
  }
}
