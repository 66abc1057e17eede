import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Parser, type ReadEntry } from 'tar';
import { checkArtifact } from '../compute/check-artifact.js';
import type { ComputePool } from '../compute/compute-pool.js';
import { manifestName, type ArtifactManifest } from '../domain/artifact/manifest.js';
import { isSafePath } from '../domain/artifact/safe-path.js';
import type { ArtifactFile } from '../domain/artifact/variant-files.js';
import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { withoutPadding } from '../domain/package-format/tar-padding.js';
import { verifier } from '../trust/ed25519.js';
import { keyIdOf, trustKey } from '../domain/trust/metadata.js';
import type { CheckedArtifact } from '../compute/tasks.js';
import type { ArtifactRepository, SignedStatement } from '../repositories/artifact-repository.js';
import type { BlobStore, StagedBlob } from '../repositories/blob-store.js';

interface ReceivedFile {
  readonly path: string;
  readonly mode: '0644' | '0755';
  readonly staged: StagedBlob;
}

/**
 * Package management (paper, III-C 2): takes an artifact as a tar stream of its directory. The files are staged as
 * they arrive; only when manifest and files have passed every check are they stored. A signature is kept beside it: it is
 * the publisher's, and of this very content.
 * @param signature what the request's header said; null when it is not signed
 * @param signal aborted when nobody waits for the answer any more
 * @param principal who sent it
 * @throws LeonoreError MALFORMED_ARTIFACT, SIGNATURE_INVALID, TOO_LARGE, ARTIFACT_IMMUTABLE, COMPUTATION_TOO_HARD, TOO_MANY_REQUESTS; the
 *   reason of the signal. Nothing is stored then
 */
export async function receiveArtifact(
  body: Readable,
  { artifacts, blobs, pool }: { artifacts: ArtifactRepository; blobs: BlobStore; pool: ComputePool },
  signature: PublisherSignature | null,
  signal: AbortSignal,
  principal: string,
): Promise<{ manifest: ArtifactManifest; outcome: 'added' | 'unchanged' }> {
  const receiver = new Receiver(blobs);
  try {
    await receiver.read(body);
    const { manifest, digest, statement, files } = await receiver.check(
      pool,
      signature !== null,
      signal,
      principal,
    );
    const signed = signature === null ? null : checkedSignature(signature, statement ?? '');
    await Promise.all(receiver.files.map((file) => file.staged.commit()));
    const outcome = await artifacts.add(manifest, files, digest);
    if (signed !== null) await artifacts.addSignature(manifest, signed);
    return { manifest, outcome };
  } finally {
    await receiver.discard();
  }
}

/** A publisher's signature as it comes with an artifact. */
export interface PublisherSignature {
  /** 32 bytes in hex. */
  readonly publicKey: string;
  /** 64 bytes in hex. */
  readonly sig: string;
}

/** @throws LeonoreError SIGNATURE_INVALID */
function checkedSignature({ publicKey, sig }: PublisherSignature, statement: string): SignedStatement {
  const keyid = keyIdOf(trustKey(publicKey), verifier.sha256);
  if (verifier.verify(publicKey, Buffer.from(statement), sig)) return { keyid, sig, statement };
  throw new LeonoreError('SIGNATURE_INVALID', `the signature by the key ${keyid} is not of this artifact`, {
    keyid,
  });
}

class Receiver {
  readonly files: ReceivedFile[] = [];
  /** Names met so far: known before the bytes are, since the next entry may be announced while one is being staged. */
  private readonly names = new Set<string>();
  private manifestText: string | null = null;
  private announcedBytes = 0;

  constructor(private readonly blobs: BlobStore) {}

  async read(body: Readable): Promise<void> {
    const failures: unknown[] = [];
    const taken: Promise<void>[] = [];
    const open = new Set<ReadEntry>();
    const parser = new Parser({
      strict: true,
      onReadEntry: (entry) => {
        open.add(entry);
        taken.push(
          this.take(entry)
            .catch((error: unknown) => {
              failures.push(error);
              entry.resume();
            })
            .finally(() => open.delete(entry)),
        );
      },
    });
    let isAtEnd = false;
    parser.once('eof', () => (isAtEnd = true));
    try {
      const archive = withoutPadding(body, () => isAtEnd, dataAfterTheEnd);
      await pipeline(Readable.from(archive), parser as unknown as NodeJS.WritableStream);
    } catch (error) {
      // The parser does not tell whoever reads an entry that no more of it will come.
      for (const entry of open) if (entry.remain > 0) entry.destroy(error);
      await Promise.all(taken);
      throw asMalformed(failures[0] ?? error);
    }
    await Promise.all(taken);
    if (failures.length > 0) throw asMalformed(failures[0]);
  }

  async check(
    pool: ComputePool,
    isSigned: boolean,
    signal: AbortSignal,
    principal: string,
  ): Promise<CheckedArtifact & { readonly files: readonly ArtifactFile[] }> {
    const { manifestText } = this;
    if (manifestText === null)
      throw new LeonoreError('MALFORMED_ARTIFACT', `the archive has no ${manifestName}`);
    const files = this.files.map(({ path, mode, staged }) => ({
      path,
      mode,
      sha256: staged.digest,
      sizeBytes: staged.sizeBytes,
    }));
    const input = { manifestText, manifestName, files, isSigned };
    return { ...(await checkArtifact(pool, input, signal, principal)), files };
  }

  async discard(): Promise<void> {
    // What was committed has left the staging area: discarding it changes nothing.
    await Promise.all(this.files.map((file) => file.staged.discard()));
  }

  private async take(entry: ReadEntry): Promise<void> {
    const path = entry.path.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
    if (entry.type === 'Directory') {
      entry.resume();
      if (path !== '' && path !== '.') refuseUnsafe(path);
      return;
    }
    refuseUnsafe(path);
    if (entry.type !== 'File' && entry.type !== 'OldFile') {
      throw new LeonoreError(
        'MALFORMED_ARTIFACT',
        `"${path}" is a ${entry.type}; only plain files are taken`,
      );
    }
    this.announce(path, entry.size);
    if (path === manifestName) {
      this.manifestText = await readManifestEntry(entry);
      return;
    }
    const staged = await this.blobs.stage(Readable.from(entry), entry.size);
    this.files.push({ path, mode: ((entry.mode ?? 0) & 0o111) === 0 ? '0644' : '0755', staged });
  }

  private announce(path: string, sizeBytes: number): void {
    if (this.names.has(path))
      throw new LeonoreError('MALFORMED_ARTIFACT', `"${path}" is in the archive twice`);
    this.names.add(path);
    this.announcedBytes += sizeBytes;
    if (this.names.size > limits.artifactFiles || this.announcedBytes > limits.artifactBytes) {
      throw new LeonoreError(
        'TOO_LARGE',
        `an artifact has at most ${limits.artifactFiles} files and ${limits.artifactBytes} bytes`,
      );
    }
  }
}

async function readManifestEntry(entry: ReadEntry): Promise<string> {
  if (entry.size > limits.manifestBytes) {
    throw new LeonoreError(
      'TOO_LARGE',
      `${manifestName} has ${entry.size} bytes; at most ${limits.manifestBytes} are read`,
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function refuseUnsafe(path: string): void {
  if (!isSafePath(path))
    throw new LeonoreError('MALFORMED_ARTIFACT', `"${path.slice(0, 200)}" is not a safe path`);
}

function dataAfterTheEnd(): LeonoreError {
  return new LeonoreError('MALFORMED_ARTIFACT', 'the archive goes on after its end');
}

/** What the tar parser found wrong is the artifact's fault; our own errors and those of the disk stay what they are. */
function asMalformed(error: unknown): Error {
  if (error instanceof LeonoreError) return error;
  if (error instanceof Error && !('tarCode' in error)) return error;
  return new LeonoreError(
    'MALFORMED_ARTIFACT',
    `the body is not a tar archive: ${messageOf(error)}`,
    {},
    { cause: error },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
