import { LeonoreError } from '../errors.js';

/** Fields of a paragraph by their names in lower case. */
export type Paragraph = ReadonlyMap<string, string>;

/** Debian has paragraphs of some hundred kilobytes, of packages that provide everything. */
const longestParagraph = 4 * 1024 * 1024;

/**
 * Reads a control file, or an index of them: paragraphs of `Field: value`, divided by empty lines; a line that begins with
 * white space goes on with the field before.
 * @param text as it is in the file
 * @param fileName named in errors only
 * @throws LeonoreError MALFORMED_INPUT with `file:line`
 */
export function* readParagraphs(text: string, fileName: string): Generator<Paragraph, void, void> {
  let fields = new Map<string, string>();
  let field: string | null = null;
  let line = 0;
  let length = 0;
  for (const content of linesOf(text)) {
    line += 1;
    if (content.trim() === '') {
      if (fields.size > 0) yield fields;
      fields = new Map();
      field = null;
      length = 0;
      continue;
    }
    length += content.length;
    if (length > longestParagraph) throw malformed(fileName, line, 'the paragraph is too long');
    if (content.startsWith('#')) continue;
    if (/^[ \t]/u.test(content)) {
      if (field === null) throw malformed(fileName, line, 'a line goes on with no field');
      fields.set(field, `${fields.get(field) ?? ''}\n${content.trim()}`);
      continue;
    }
    const [, name, value = ''] = /^([!-9;-~]+):(.*)$/u.exec(content) ?? [];
    if (name === undefined) throw malformed(fileName, line, 'there is no "Field: value"');
    field = name.toLowerCase();
    if (fields.has(field)) throw malformed(fileName, line, `the field ${name} is there twice`);
    fields.set(field, value.trim());
  }
  if (fields.size > 0) yield fields;
}

/** Lines one by one: an index has a million. */
function* linesOf(text: string): Generator<string, void, void> {
  for (let from = 0; from <= text.length;) {
    const end = text.indexOf('\n', from);
    const line = text.slice(from, end === -1 ? undefined : end);
    yield line.endsWith('\r') ? line.slice(0, -1) : line;
    if (end === -1) return;
    from = end + 1;
  }
}

function malformed(fileName: string, line: number, message: string): LeonoreError {
  return new LeonoreError('MALFORMED_INPUT', `${fileName}:${line}: ${message}`);
}
