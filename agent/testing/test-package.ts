/** Builds packages for tests, in memory, good ones and damaged ones. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { canonicalJson } from '../../domain/canonical-json.js';
import type { Task } from '../../domain/agent-protocol/messages.js';
import { layoutPackage, type ArtifactInput } from '../../domain/package-format/layout-package.js';
import type { PackageManifest } from '../../domain/package-format/package-manifest.js';
import { blockSize, encodeUstarHeader, type UstarHeader } from '../../domain/package-format/ustar-header.js';

export interface TestArtifact extends Partial<Omit<ArtifactInput, 'files'>> {
  readonly name: string;
  readonly version: string;
  /** Content by path; scripts are found by their names: install.sh, uninstall.sh, start.sh, stop.sh, reload.sh, check.sh. */
  readonly files: Readonly<Record<string, string | Buffer>>;
}

export interface TestEntry extends UstarHeader {
  readonly content: Buffer;
}

export interface TestPackage {
  readonly id: string;
  readonly digest: string;
  readonly archive: Buffer;
  readonly entries: readonly TestEntry[];
  readonly artifacts: readonly ArtifactInput[];
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export function testPackage(...specifications: readonly TestArtifact[]): TestPackage {
  const blobs = new Map<string, Buffer>();
  const artifacts = specifications.map((specification) => artifactInput(specification, blobs));
  const layout = layoutPackage({ artifacts, tree: [] }, sha256);
  const entries = layout.entries.map(({ path, mode, size, content }) => ({
    path,
    mode,
    size,
    content:
      content.kind === 'inline' ? Buffer.from(content.bytes) : (blobs.get(content.digest) ?? Buffer.alloc(0)),
  }));
  const archive = gzipSync(tar(entries), { level: 1 });
  return { id: layout.id, digest: sha256(archive), archive, entries, artifacts };
}

/** An archive of any entries, with the right padding and end. */
export function tar(entries: readonly TestEntry[]): Buffer {
  const blocks = entries.flatMap((entry) => [
    encodeUstarHeader(entry),
    entry.content,
    Buffer.alloc((blockSize - (entry.content.length % blockSize)) % blockSize),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)]);
}

/** The same package with other content of one of its files, sound in itself. @param change what its manifest says otherwise */
export function withFile(
  built: TestPackage,
  path: string,
  text: string,
  change: (manifest: PackageManifest) => object = (manifest) => manifest,
): TestPackage {
  const content = Buffer.from(text);
  const listed = built.entries.find((entry) => entry.path === 'manifest.json');
  const before = JSON.parse(listed?.content.toString() ?? '') as PackageManifest;
  const files = before.files.map((file) =>
    file.path === path ? { ...file, sha256: sha256(content), size: content.length } : file,
  );
  const contentSize = files.reduce((sum, file) => sum + file.size, 0);
  const manifest = Buffer.from(canonicalJson(change({ ...before, files, contentSize })));
  const id = sha256(manifest);
  const changed = new Map([
    ['id', Buffer.from(`${id}\n`)],
    ['manifest.json', manifest],
    [path, content],
  ]);
  const entries = built.entries.map((entry) => {
    const fresh = changed.get(entry.path);
    return fresh === undefined ? entry : { ...entry, content: fresh, size: fresh.length };
  });
  const archive = gzipSync(tar(entries), { level: 1 });
  return { ...built, id, entries, archive, digest: sha256(archive) };
}

/** A task that delivers a package. */
export function testTask(deliveryId: string, built: TestPackage, over: Partial<Task> = {}): Task {
  return {
    deliveryId,
    rolloutId: 'rollout',
    action: 'install',
    package: {
      id: built.id,
      digest: built.digest,
      sizeBytes: built.archive.length,
      installedSizeBytes: built.entries.reduce((total, entry) => total + entry.size, 0),
    },
    remove: [],
    removeFirst: false,
    values: {},
    deadline: '2030-01-01T00:00:00Z',
    lastSequence: 0,
    ...over,
  };
}

function artifactInput(specification: TestArtifact, blobs: Map<string, Buffer>): ArtifactInput {
  const { files, ...over } = specification;
  const has = (name: string): string | undefined => (`${name}.sh` in files ? `${name}.sh` : undefined);
  const control = Object.fromEntries(
    ['install', 'uninstall', 'start', 'stop', 'reload']
      .map((name) => [name, has(name)])
      .filter(([, path]) => path !== undefined),
  ) as ArtifactInput['control'];
  const check = has('check');
  return {
    kind: control.start === undefined ? 'library' : 'application',
    digest: sha256(Buffer.from(`${specification.name}@${specification.version}`)),
    requested: control.start !== undefined,
    installedSize: 1_000,
    control,
    start: control.start !== undefined,
    keepData: false,
    ...(check === undefined ? {} : { health: { check } }),
    ...over,
    files: Object.entries(files).map(([path, content]) => {
      const bytes = Buffer.from(content);
      blobs.set(sha256(bytes), bytes);
      return {
        path,
        sha256: sha256(bytes),
        size: bytes.length,
        mode: path.endsWith('.sh') ? '0755' : '0644',
      };
    }),
  };
}
