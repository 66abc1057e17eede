/** Deeper than any document LEONORE reads; bounds the recursion. */
export const maxJsonDepth = 64;

/** What is wrong with a text that should be JSON, and where. */
export interface JsonFault {
  /** Of the first character that cannot be there. */
  readonly offset: number;
  readonly message: string;
}

const word = /true|false|null/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const space = /[ \t\r\n]*/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Finds the first place at which a text is not JSON (RFC 8259). `JSON.parse` says only that it is not, and words that
 * change with the engine.
 * @returns null for JSON that is not nested deeper than {@link maxJsonDepth}
 */
export function jsonFault(text: string): JsonFault | null {
  try {
    new Reader(text).document();
    return null;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

class Fault extends Error implements JsonFault {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): void {
    this.value(0);
    if (this.at < this.text.length) this.fail('more follows after the end of the document');
  }

  /** A value with the white space around it. */
  private value(depth: number): void {
    if (depth > maxJsonDepth) this.fail('nested too deeply');
    this.skip(space);
    const first = this.text[this.at];
    if (first === '{') this.members(depth);
    else if (first === '[') this.items(depth);
    else if (first === '"') this.string();
    else if (!this.skip(word) && !this.skip(number)) this.fail('a value is expected here');
    this.skip(space);
  }

  private members(depth: number): void {
    this.at += 1;
    this.skip(space);
    if (this.takes('}')) return;
    do {
      this.skip(space);
      if (this.text[this.at] !== '"') this.fail('a name in double quotes is expected here');
      this.string();
      this.skip(space);
      if (!this.takes(':')) this.fail('a colon is expected here');
      this.value(depth + 1);
    } while (this.takes(','));
    if (!this.takes('}')) this.fail('a comma or } is expected here');
  }

  private items(depth: number): void {
    this.at += 1;
    this.skip(space);
    if (this.takes(']')) return;
    do this.value(depth + 1);
    while (this.takes(','));
    if (!this.takes(']')) this.fail('a comma or ] is expected here');
  }

  private string(): void {
    this.at += 1;
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined) this.fail('a string is not closed');
      if (character < ' ') this.fail('a control character in a string');
      if (character === '\\') {
        if (!this.skip(escape)) this.fail('an unknown escape in a string');
        continue;
      }
      this.at += 1;
      if (character === '"') return;
    }
  }

  private takes(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  /** @returns whether it was more than nothing */
  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found !== '';
  }

  private fail(message: string): never {
    const ends = this.at >= this.text.length && message.endsWith('here');
    throw new Fault(this.at, ends ? message.replace(/here$/u, 'where the text ends') : message);
  }
}
