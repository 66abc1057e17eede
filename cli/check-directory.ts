import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactFiles } from '../client/artifact-archive.js';
import { lintArtifact, type ArtifactLint } from '../domain/artifact/lint-artifact.js';
import { manifestName } from '../domain/artifact/manifest.js';
import { scriptFiles } from '../domain/artifact/script-files.js';
import { readSource } from '../domain/artifact/source-document.js';
import { limits } from '../domain/limits.js';
import { measuredArtifact, type MeasuredArtifact } from '../trust/measured-artifact.js';

/** What LEONORE takes, and its author hardly meant; with its place. */
export interface Warning {
  readonly rule: ArtifactLint['rule'] | 'sh-syntax';
  readonly message: string;
  /** Relative to the artifact's directory. */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** Time that a shell may take to read a script without running it. */
const syntaxMs = 5_000;

/**
 * Checks the artifact of a directory as the server would, and looks at its scripts.
 * @throws LeonoreError MALFORMED_ARTIFACT, TOO_LARGE; ClientError UNREADABLE, MALFORMED_ARTIFACT
 */
export async function checkDirectory(
  directory: string,
): Promise<MeasuredArtifact & { readonly warnings: readonly Warning[] }> {
  const artifact = await measuredArtifact(directory, await artifactFiles(directory));
  const { manifest, text, files } = artifact;
  const scripts = await Promise.all(
    scriptFiles(manifest, files).map(async (file) => ({
      file,
      text: await readFile(join(directory, file), 'utf8'),
    })),
  );
  const source = readSource(text, manifestName, {
    code: 'MALFORMED_ARTIFACT',
    maxBytes: limits.manifestBytes,
  });
  const lints = lintArtifact(manifest, scripts).map(({ rule, message, path, script }): Warning => {
    if (script !== undefined) return { rule, message, ...script };
    const [line, column] = source
      .placeOf(path ?? [])
      .split(':')
      .map(Number);
    return { rule, message, file: manifestName, ...(line && column ? { line, column } : {}) };
  });
  const unreadable = scripts.flatMap(({ file, text: script }) => syntaxWarnings(file, script));
  return { ...artifact, warnings: [...lints, ...unreadable] };
}

/** What the shell of this machine says of a script that it only reads; nothing where there is none. */
function syntaxWarnings(file: string, script: string): Warning[] {
  const { status, stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8', timeout: syntaxMs });
  if (status === 0 || status === null) return [];
  const [, line, message = stderr.trim()] = /(?:line )?(\d+): (.*)/u.exec(stderr) ?? [];
  return [{ rule: 'sh-syntax', message, file, ...(line === undefined ? {} : { line: Number(line) }) }];
}
