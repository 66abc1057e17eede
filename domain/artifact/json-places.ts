/**
 * Places in a JSON text. `JSON.parse` is the only parser fast enough for a catalog of tens of megabytes, but it
 * forgets where things stood and keeps the last of two equal keys. This scanner walks a text that JSON.parse has
 * accepted already, so it needs to recognise structure only: it finds the first duplicate key, and the offset of
 * the value at a path, each in one pass and without building anything.
 */

import { maxJsonDepth } from './json-fault.js';

export type PlacePath = readonly (string | number)[];

export class NestedTooDeeply extends Error {}

interface Visitor {
  /** A key of an object; the set holds the keys met before in the same object. */
  key?(name: string, offset: number, seen: Set<string>): void;
  /** A value starts; returning false ends the walk. */
  value?(path: PlacePath, offset: number): void;
}

class Scanner {
  private at = 0;
  private readonly path: (string | number)[] = [];

  constructor(
    private readonly text: string,
    private readonly visitor: Visitor,
  ) {}

  walk(): void {
    this.skipSpace();
    this.value(0);
  }

  private value(depth: number): void {
    if (depth > maxJsonDepth) throw new NestedTooDeeply();
    this.visitor.value?.(this.path, this.at);
    const first = this.text[this.at];
    if (first === '{') this.object(depth);
    else if (first === '[') this.array(depth);
    else if (first === '"') this.string();
    else while (this.at < this.text.length && !/[\s,\]}]/u.test(this.text[this.at] ?? '')) this.at += 1;
    this.skipSpace();
  }

  private object(depth: number): void {
    const seen = new Set<string>();
    this.at += 1;
    this.skipSpace();
    while (this.text[this.at] !== '}') {
      const offset = this.at;
      const name = this.string();
      this.visitor.key?.(name, offset, seen);
      seen.add(name);
      this.skipSpace();
      this.at += 1; // the colon
      this.skipSpace();
      this.path.push(name);
      this.value(depth + 1);
      this.path.pop();
      this.skipComma();
    }
    this.at += 1;
  }

  private array(depth: number): void {
    this.at += 1;
    this.skipSpace();
    for (let index = 0; this.text[this.at] !== ']'; index += 1) {
      this.path.push(index);
      this.value(depth + 1);
      this.path.pop();
      this.skipComma();
    }
    this.at += 1;
  }

  private string(): string {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (this.isEscaped(end)) end = this.text.indexOf('"', end + 1);
    this.at = end + 1;
    const raw = this.text.slice(start + 1, end);
    return raw.includes('\\') ? (JSON.parse(this.text.slice(start, end + 1)) as string) : raw;
  }

  private isEscaped(quote: number): boolean {
    let backslashes = 0;
    while (this.text[quote - 1 - backslashes] === '\\') backslashes += 1;
    return backslashes % 2 === 1;
  }

  private skipComma(): void {
    if (this.text[this.at] === ',') {
      this.at += 1;
      this.skipSpace();
    }
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at += 1;
    }
  }
}

/** Ends a walk from inside a visitor. */
class Found extends Error {
  constructor(readonly offset: number) {
    super();
  }
}

/**
 * The first key that an object of the text has twice, or null.
 * @param text JSON that JSON.parse accepts
 * @throws NestedTooDeeply
 */
export function findDuplicateKey(text: string): { key: string; offset: number } | null {
  let duplicate = '';
  try {
    new Scanner(text, {
      key: (name, offset, seen) => {
        if (!seen.has(name)) return;
        duplicate = name;
        throw new Found(offset);
      },
    }).walk();
  } catch (error) {
    if (error instanceof Found) return { key: duplicate, offset: error.offset };
    throw error;
  }
  return null;
}

/** Offset of the value at a path, or of its nearest existing parent. */
export function offsetOfPath(text: string, path: PlacePath): number {
  let nearest = 0;
  let matched = 0;
  try {
    new Scanner(text, {
      value: (at, offset) => {
        if (at.length > path.length || at.length < matched) return;
        if (!at.every((step, index) => step === path[index])) return;
        nearest = offset;
        matched = at.length;
        if (matched === path.length) throw new Found(offset);
      },
    }).walk();
  } catch (error) {
    if (!(error instanceof Found)) throw error;
  }
  return nearest;
}
