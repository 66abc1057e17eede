import {
  LineCounter,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  parseDocument,
  type Document,
} from 'yaml';
import type { ErrorCode } from '../error-kinds.js';
import { LeonoreError } from '../errors.js';
import { limits } from '../limits.js';
import { jsonFault } from './json-fault.js';
import { NestedTooDeeply, findDuplicateKey, offsetOfPath, type PlacePath } from './json-places.js';

/** What a reader needs to say whose fault a document is. */
export interface SourceKind {
  /** Code of the errors. */
  readonly code: Extract<ErrorCode, `MALFORMED_${string}` | 'STRATEGY_INVALID'>;
  /** Bytes the text may have. */
  readonly maxBytes: number;
}

/** A parsed document that still knows where its parts stood. */
export interface SourceDocument {
  readonly value: unknown;
  /** Throws the document's error for a path: `file:line:column: path: message`. */
  fail(path: PlacePath, message: string, at?: 'key' | 'value'): never;
  /** Where the value at a path stands: `line:column`, for errors about two places. */
  placeOf(path: PlacePath): string;
}

/** How a path is written for people: `artifacts[3].requires[0].version`. */
export function formatPath(path: PlacePath): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${String(step)}]` : index === 0 ? step : `.${step}`))
    .join('');
}

/**
 * Reads YAML 1.2 (core schema) or JSON. What a file is called says which: one whose name ends in `.json` is held to
 * JSON (RFC 8259) and nothing else; any other is YAML, which all JSON is as well. Whatever could be read in two ways is
 * an error: equal keys in one mapping, unknown tags, several documents. Aliases are bounded, so that a small text stays
 * small.
 * @throws LeonoreError of the kind's code, with `file:line:column`; TOO_LARGE when over the limit
 */
export function readSource(text: string, fileName: string, kind: SourceKind): SourceDocument {
  // A UTF-16 unit is at least one byte, so the cheap test comes first.
  if (text.length > kind.maxBytes || Buffer.byteLength(text) > kind.maxBytes) {
    throw new LeonoreError(
      'TOO_LARGE',
      `${fileName} is larger than the ${mebibytes(kind.maxBytes)} that may be read`,
      { file: fileName, maxBytes: kind.maxBytes },
    );
  }
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const json = parseJson(source);
  if (json !== undefined) return jsonDocument(source, fileName, kind, json.value);
  if (/\.json$/iu.test(fileName)) {
    const fault = jsonFault(source);
    if (fault !== null)
      throw malformed(kind, fileName, positionIn(source, fault.offset), [], `not JSON: ${fault.message}`);
  }
  if (Buffer.byteLength(source) > limits.yamlBytes) {
    throw new LeonoreError(
      'TOO_LARGE',
      `${fileName} is not valid JSON, and as YAML it is larger than the ${mebibytes(limits.yamlBytes)} that may be read`,
      { file: fileName, maxBytes: limits.yamlBytes },
    );
  }
  return yamlDocument(source, fileName, kind);
}

function mebibytes(bytes: number): string {
  return `${String(Math.round(bytes / 1024 / 1024))} MiB`;
}

function malformed(
  kind: SourceKind,
  fileName: string,
  position: { line: number; col: number },
  path: PlacePath,
  message: string,
): LeonoreError {
  const where = path.length === 0 ? '' : `${formatPath(path)}: `;
  return new LeonoreError(
    kind.code,
    `${fileName}:${String(position.line)}:${String(position.col)}: ${where}${message}`,
    { file: fileName, line: position.line, column: position.col, path: formatPath(path) },
  );
}

function placeText({ line, col }: { line: number; col: number }): string {
  return `${String(line)}:${String(col)}`;
}

/** The value when the text is JSON; undefined when it is not. */
function parseJson(text: string): { value: unknown } | undefined {
  if (!/^\s*[{[]/u.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function positionIn(text: string, offset: number): { line: number; col: number } {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  return { line, col: offset - lineStart + 1 };
}

function jsonDocument(text: string, fileName: string, kind: SourceKind, value: unknown): SourceDocument {
  try {
    const duplicate = findDuplicateKey(text);
    if (duplicate !== null) {
      throw malformed(
        kind,
        fileName,
        positionIn(text, duplicate.offset),
        [],
        `the key ${quote(duplicate.key)} appears twice`,
      );
    }
  } catch (error) {
    if (!(error instanceof NestedTooDeeply)) throw error;
    throw malformed(kind, fileName, { line: 1, col: 1 }, [], 'nested too deeply');
  }
  return {
    value,
    fail(path, message) {
      throw malformed(kind, fileName, positionIn(text, offsetOfPath(text, path)), path, message);
    },
    placeOf: (path) => placeText(positionIn(text, offsetOfPath(text, path))),
  };
}

function yamlDocument(text: string, fileName: string, kind: SourceKind): SourceDocument {
  const lines = new LineCounter();
  const fail = (offset: number, path: PlacePath, message: string): never => {
    const { line, col } = lines.linePos(offset);
    throw malformed(kind, fileName, { line: Math.max(line, 1), col: Math.max(col, 1) }, path, message);
  };
  let document: Document.Parsed;
  let value: unknown;
  try {
    // Equal keys are looked for below: the library compares each key with every other.
    document = parseDocument(text, {
      lineCounter: lines,
      uniqueKeys: false,
      stringKeys: true,
      prettyErrors: false,
      logLevel: 'error',
    });
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) fail(problem.pos[0], [], firstLine(problem.message));
    refuseDuplicateKeys(document.contents, fail);
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof LeonoreError) throw error;
    // The library gives up on too many aliases with a ReferenceError, on endless nesting with a RangeError.
    throw malformed(kind, fileName, { line: 1, col: 1 }, [], firstLine((error as Error).message));
  }
  return {
    value,
    fail(path, message, at = 'value') {
      return fail(yamlOffset(document, path, at), path, message);
    },
    placeOf: (path) => placeText(lines.linePos(yamlOffset(document, path, 'value'))),
  };
}

function firstLine(text: string): string {
  if (text.includes('call stack')) return 'nested too deeply';
  if (text.includes('multiple documents')) return 'a second document begins here; there may be only one';
  return text.split('\n', 1)[0] ?? '';
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

function refuseDuplicateKeys(
  root: unknown,
  fail: (offset: number, path: PlacePath, message: string) => never,
): void {
  const open: { node: unknown; path: PlacePath }[] = [{ node: root, path: [] }];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const { node, path } = entry;
    if (isMap(node)) {
      const seen = new Set<string>();
      for (const pair of node.items) {
        const name = isScalar(pair.key) ? String(pair.key.value) : '';
        if (seen.has(name)) {
          fail(offsetOfNode(pair.key), path, `the key ${quote(name)} appears twice`);
        }
        seen.add(name);
        open.push({ node: pair.value, path: [...path, name] });
      }
    } else if (isCollection(node)) {
      node.items.forEach((item, index) => open.push({ node: item, path: [...path, index] }));
    }
  }
}

function offsetOfNode(node: unknown): number {
  return (isScalar(node) || isCollection(node) || isAlias(node)) && node.range ? node.range[0] : 0;
}

/** Offset of the value at a path, of its key, or of the nearest existing parent. */
function yamlOffset(document: Document.Parsed, path: PlacePath, at: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = offsetOfNode(node);
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (!isCollection(node)) return offset;
    const item = isMap(node)
      ? node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(step))
      : node.items[Number(step)];
    if (item === undefined) return offset;
    if (isPair(item)) {
      const wantsKey = at === 'key' && index === path.length - 1;
      node = item.value;
      offset = wantsKey || offsetOfNode(node) === 0 ? offsetOfNode(item.key) : offsetOfNode(node);
    } else {
      node = item;
      offset = offsetOfNode(item);
    }
  }
  return offset;
}
