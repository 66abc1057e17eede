import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { manifestName } from '../domain/artifact/manifest.js';
import { readManifest } from '../domain/artifact/read-manifest.js';
import { LeonoreError } from '../domain/errors.js';
import type { TemplateKind } from './template-kinds.js';

/** What an artifact is begun with. */
export interface TemplateFacts {
  readonly name: string;
  readonly kind: TemplateKind;
  /** Empty for none. */
  readonly description: string;
}

interface TemplateFile {
  readonly text: string;
  readonly mode: number;
}

/**
 * Begins an artifact in a directory, which is made when it is not there. Nothing that is there is written over.
 * @returns the files that were written, inside the directory
 * @throws LeonoreError MALFORMED_ARTIFACT when the name cannot be one; MALFORMED_INPUT when a file is there already
 */
export async function writeTemplate(directory: string, facts: TemplateFacts): Promise<string[]> {
  const files = templateOf(facts);
  readManifest(files.get(manifestName)?.text ?? '', manifestName);
  await mkdir(directory, { recursive: true });
  for (const [path, { text, mode }] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text, { mode, flag: 'wx' }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new LeonoreError('MALFORMED_INPUT', `there is a file ${path} in ${directory} already`, { path });
    });
  }
  return [...files.keys()];
}

/** The files of a new artifact by their paths, the manifest first: what is there already is found before anything is written. */
function templateOf({ name, kind, description }: TemplateFacts): Map<string, TemplateFile> {
  const manifest = {
    name,
    version: '0.1.0',
    kind,
    ...(description === '' ? {} : { description }),
    ...(kind === 'application'
      ? {
          values: [{ key: 'interval', description: 'seconds between two rounds', default: '10' }],
          control: { start: 'bin/start', stop: 'bin/stop' },
          health: { check: 'bin/check' },
        }
      : {}),
  };
  const files = new Map([[manifestName, { text: stringify(manifest), mode: 0o644 }]]);
  for (const [path, text] of Object.entries(scriptsOf(name, kind))) files.set(path, { text, mode: 0o755 });
  return files;
}

function scriptsOf(name: string, kind: TemplateKind): Record<string, string> {
  if (kind === 'library') return { [`lib/${name}.sh`]: library(name) };
  if (kind === 'tool') return { [`bin/${name}`]: tool(name) };
  return { 'bin/start': start, 'bin/stop': stop, 'bin/check': check };
}

const start = `#!/bin/sh
# The application itself: it stays in the foreground. What it keeps goes below $LEONORE_DATA.
set -eu
echo $$ >"$LEONORE_DATA/pid"
while :; do
  date >"$LEONORE_DATA/last-round"
  echo "a round of $LEONORE_NAME $LEONORE_VERSION"
  sleep "$LEONORE_VALUE_INTERVAL"
done
`;

const stop = `#!/bin/sh
# Asks the application to end; what is left after it is ended by signals.
kill -TERM "$(cat "$LEONORE_DATA/pid")"
`;

const check = `#!/bin/sh
# Evidence that it works: exit 0. It is tried again until it does.
test -s "$LEONORE_DATA/last-round"
`;

const library = (name: string): string => `#!/bin/sh
# Others load it: . "$LEONORE_ACTIVE/${name}/lib/${name}.sh"
hello() {
  printf 'hello, %s\\n' "$1"
}
`;

const tool = (name: string): string => `#!/bin/sh
# Others call it: "$LEONORE_ACTIVE/${name}/bin/${name}"
set -eu
printf 'called with %s\\n' "$*"
`;
