import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** What a link lets a device have. */
export interface LinkedFile {
  readonly token: string;
  /** Digest of the archive that the file is of. */
  readonly digest: string;
  /** Of the file in the package. */
  readonly place: number;
}

/** Many times as many as a node has gateways. */
const most = 50_000;
/** How long a link is good at most. */
export const validMs = 86_400_000;

/**
 * Links by which devices fetch files: their clients send no token there. Each is of one device and one file, cannot be
 * guessed, and is good as long as the device's token is, a day at most.
 */
export class DownloadLinks {
  private readonly secret = randomBytes(32);
  private readonly files = new LRUCache<string, LinkedFile>({ max: most, ttl: validMs });

  /** @returns what stands in the link; the same for the same file */
  linkTo(file: LinkedFile): string {
    const text = JSON.stringify([file.token, file.digest, file.place]);
    const link = createHmac('sha256', this.secret).update(text).digest('hex');
    this.files.set(link, file);
    return link;
  }

  /** Undefined when there is no such link, or no more. */
  fileOf(link: string): LinkedFile | undefined {
    return this.files.get(link);
  }
}
