import { DigestSink } from '../../agent/connectivity/http/download.js';
import type { PackageContents } from './package-contents.js';

/** Counts and digests a download, keeps nothing, and lets the package's manifest be read where it is not known yet. */
export class ReadingSink extends DigestSink {
  private read: ReturnType<PackageContents['reader']>;

  constructor(
    private readonly contents: PackageContents,
    private readonly packageDigest: string,
  ) {
    super();
    this.read = contents.reader(packageDigest);
  }

  override write(chunk: Uint8Array): void {
    super.write(chunk);
    this.read?.(chunk);
  }

  override reset(): void {
    super.reset();
    this.read = this.contents.reader(this.packageDigest);
  }
}
