import { readFile } from 'node:fs/promises';
import { ClientError } from '../client/client-error.js';
import type { ExpectRequest } from '../client/resources.js';
import { badUsage } from './bad-usage.js';

export type FiledGateway = ExpectRequest['gateways'][number];

/**
 * Reads gateways that are to come from a file: JSON, an array of `{ id, labels, nodeId }`; or CSV (RFC 4180) with a head,
 * in which `id` and `node` are themselves and every other column is a label.
 * @throws ClientError UNREADABLE; BAD_USAGE with the place of what is malformed
 */
export async function readExpectedGateways(file: string): Promise<FiledGateway[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ClientError(
      {
        code: 'UNREADABLE',
        detail: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        actor: 'caller',
        advice: 'Name a file of CSV or JSON that you may read.',
        status: 0,
        retryable: false,
      },
      { cause: error },
    );
  }
  const content = text.replace(/^\u{feff}/u, '');
  return /^\s*[[{]/.test(content) ? fromJson(content, file) : fromCsv(content, file);
}

/** Members are the server's to check. */
function fromJson(text: string, file: string): FiledGateway[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badUsage(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Array.isArray(value)) throw badUsage(`${file} must be an array of gateways.`);
  return value as FiledGateway[];
}

function fromCsv(text: string, file: string): FiledGateway[] {
  const [head, ...rows] = csvRows(text, file);
  const names = head?.cells.map((name) => name.trim()) ?? [];
  if (!names.includes('id')) throw badUsage(`${file} has no column "id" in its first line.`);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw badUsage(`${file} has the column "${repeated}" twice.`);
  return rows.map(({ line, cells }) => {
    if (cells.length !== names.length)
      throw badUsage(`${file}, line ${line}: ${cells.length} cells, and the first line has ${names.length}.`);
    const told = names.flatMap((name, index): [string, string][] => {
      const cell = cells[index]?.trim() ?? '';
      return cell === '' ? [] : [[name, cell]];
    });
    const { id = '', node, ...labels } = Object.fromEntries(told);
    return { id, labels, ...(node === undefined ? {} : { nodeId: node }) };
  });
}

/** RFC 4180: cells in quotes may hold commas, line ends and, doubled, quotes. Empty lines say nothing. */
function csvRows(text: string, file: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  const cell = /("((?:[^"]|"")*)"|[^",\r\n]*)(,|\r?\n|$)/y;
  let line = 1;
  let row: { line: number; cells: string[] } = { line, cells: [] };
  for (let at = 0; at < text.length || row.cells.length > 0;) {
    cell.lastIndex = at;
    const match = cell.exec(text);
    if (match === null)
      throw badUsage(`${file}, line ${line}: a quote is where none may be, or is not closed.`);
    const [whole, plain = '', quoted, end] = match;
    row.cells.push(quoted?.replaceAll('""', '"') ?? plain);
    line += whole.split('\n').length - 1;
    at += whole.length;
    if (end === ',') continue;
    if (row.cells.length > 1 || row.cells[0] !== '') rows.push(row);
    row = { line, cells: [] };
    if (at >= text.length) break;
  }
  return rows;
}
