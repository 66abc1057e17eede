import { createReadStream } from 'node:fs';
import { readParagraphs, type Paragraph } from '../../domain/distribution/control-file.js';
import { indexCatalog, type IndexCatalog } from '../../domain/distribution/index-catalog.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { replaceFile } from '../../trust/replace-file.js';
import { unreadable } from '../../client/client-error.js';
import { bytesText } from '../output.js';
import { decompressed } from './decompress.js';

/** Debian's largest index has 60 MiB. */
const mostIndexBytes = 256 * 1024 * 1024;
const catalogMode = 0o644;

/**
 * Makes a catalog file, as `leonore resolve` takes one, of package indexes.
 * @param paths of `Packages` files, plain or compressed as their names say
 * @param to the catalog, JSON; written over when it is there
 * @throws LeonoreError MALFORMED_INPUT, TOO_LARGE; ClientError UNREADABLE
 */
export async function importIndexes(paths: readonly string[], to: string): Promise<IndexCatalog> {
  const paragraphs: Paragraph[] = [];
  for (const path of paths)
    for (const paragraph of readParagraphs(await readIndex(path), path)) paragraphs.push(paragraph);
  const catalog = indexCatalog(paragraphs);
  const artifacts = catalog.artifacts.map((artifact) => JSON.stringify(artifact));
  const text = `{"artifacts":[\n${artifacts.join(',\n')}\n]}\n`;
  if (Buffer.byteLength(text) > limits.catalogBytes)
    throw new LeonoreError(
      'TOO_LARGE',
      `the catalog would have ${bytesText(Buffer.byteLength(text))}; at most ${bytesText(limits.catalogBytes)} can be read`,
    );
  await replaceFile(to, text, catalogMode);
  return catalog;
}

async function readIndex(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of decompressed(createReadStream(path), path, mostIndexBytes)) chunks.push(chunk);
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw unreadable(`${path} cannot be read: ${error.message}`, 'Name a file of an index.', error);
  }
  return Buffer.concat(chunks).toString('utf8');
}
