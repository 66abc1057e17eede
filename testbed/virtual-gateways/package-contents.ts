/**
 * What is in a package, read once a process and digest: the manifest is taken out of the stream of the first
 * gateway that downloads it; the others check the digest, so their bytes are the same.
 */
import { Parser, type ReadEntry } from 'tar';
import { Value } from 'typebox/value';
import {
  PackageManifestSchema,
  type PackagedArtifact,
} from '../../domain/package-format/package-manifest.js';

/** Receives the bytes of a download as they come. */
type ChunkReader = (chunk: Uint8Array) => void;

export class PackageContents {
  private readonly known = new Map<string, readonly PackagedArtifact[]>();

  /** Artifacts of a package in install order; undefined while no download of it has been read. */
  artifactsOf(digest: string): readonly PackagedArtifact[] | undefined {
    return this.known.get(digest);
  }

  /** Notes what is in a package that was unpacked. */
  learn(digest: string, artifacts: readonly PackagedArtifact[]): void {
    this.known.set(digest, artifacts);
  }

  /** Reads the manifest out of a download; undefined when the package is known already. */
  reader(digest: string): ChunkReader | undefined {
    if (this.known.has(digest)) return undefined;
    const parser = new Parser({ strict: true });
    parser.on('entry', (entry: ReadEntry) => {
      if (entry.path === 'manifest.json') this.readManifest(digest, entry);
      else entry.resume();
    });
    return (chunk) => {
      // The manifest stands near the front: the rest of the archive need not be unpacked.
      if (!this.known.has(digest)) parser.write(Buffer.from(chunk));
    };
  }

  private readManifest(digest: string, entry: ReadEntry): void {
    const chunks: Buffer[] = [];
    entry.on('data', (chunk: Buffer) => chunks.push(chunk));
    entry.on('end', () => {
      const manifest: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      if (Value.Check(PackageManifestSchema, manifest)) this.known.set(digest, manifest.artifacts);
    });
  }
}
