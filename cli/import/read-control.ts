import { Readable } from 'node:stream';
import { readParagraphs, type Paragraph } from '../../domain/distribution/control-file.js';
import type { Loss } from '../../domain/distribution/loss.js';
import { LeonoreError } from '../../domain/errors.js';
import { decompressed } from './decompress.js';
import type { OpenMember } from './foreign-archive.js';
import { entryPath, walkTar } from './walk-tar.js';

/** What a package says of itself besides its files. */
export interface ControlArchive {
  readonly fields: Paragraph;
  readonly losses: readonly Loss[];
}

/** Scripts and templates of the largest packages have some megabytes. */
const mostControlBytes = 32 * 1024 * 1024;
/** What dpkg or opkg run, or have run. */
const scripts = new Set(['preinst', 'postinst', 'prerm', 'postrm', 'config', 'triggers']);
const read = new Set(['control', 'conffiles']);

/** @throws LeonoreError MALFORMED_INPUT, TOO_LARGE; ClientError UNREADABLE */
export async function readControl(open: OpenMember): Promise<ControlArchive> {
  const { name, source } = open();
  const texts = new Map<string, string>();
  const losses: Loss[] = [];
  await walkTar(decompressed(source, name, mostControlBytes), name, async (entry) => {
    const file = entryPath(entry.path);
    if (scripts.has(file)) losses.push({ kind: 'script', what: file });
    if (!read.has(file) || entry.type !== 'File') {
      entry.resume();
      return;
    }
    const chunks = await Readable.from(entry).toArray();
    texts.set(file, Buffer.concat(chunks as Buffer[]).toString('utf8'));
  });
  const [fields, ...others] = readParagraphs(texts.get('control') ?? '', 'control');
  if (fields === undefined || others.length > 0)
    throw new LeonoreError('MALFORMED_INPUT', `the control file in ${name} is not one paragraph`);
  for (const line of (texts.get('conffiles') ?? '').split('\n'))
    if (line.trim() !== '') losses.push({ kind: 'configuration', what: line.trim() });
  return { fields, losses };
}
