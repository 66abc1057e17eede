import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { LeonoreError } from '../../domain/errors.js';

/** What a server proves with who it is; both PEM. */
export interface TlsFiles {
  /** Certificate, and those between it and its authority. */
  readonly certPath: string;
  readonly keyPath: string;
}

export interface TlsContent {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How often it is looked whether the files are others. */
const lookEveryMs = 2_000;

/**
 * What a process was configured with.
 * @returns null for a server without TLS
 * @throws LeonoreError MALFORMED_INPUT when only one of the two was given
 */
export function tlsFilesOf(config: {
  readonly LEONORE_TLS_CERT?: string;
  readonly LEONORE_TLS_KEY?: string;
}): TlsFiles | null {
  const { LEONORE_TLS_CERT: certPath, LEONORE_TLS_KEY: keyPath } = config;
  if (certPath === undefined && keyPath === undefined) return null;
  if (certPath === undefined || keyPath === undefined) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      'configuration: LEONORE_TLS_CERT and LEONORE_TLS_KEY go together',
    );
  }
  return { certPath, keyPath };
}

/** @throws LeonoreError MALFORMED_INPUT when a file cannot be read, or the two do not belong together */
export function readTls({ certPath, keyPath }: TlsFiles): TlsContent {
  try {
    const content = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
    createSecureContext(content);
    return content;
  } catch (error) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `${certPath} and ${keyPath} are no certificate and its key`,
      {},
      { cause: error },
    );
  }
}

/**
 * Has a server take over its files when they change, for the connections that come from then on; those that there are go on.
 * While the two do not belong together, as between two writes, it keeps what it has.
 * @param failed told why they were not taken
 * @returns to be called when the server ends
 */
export function followTls(server: Server, files: TlsFiles, failed: (error: unknown) => void): () => void {
  const paths = [files.certPath, files.keyPath];
  const take = (): void => {
    try {
      server.setSecureContext(readTls(files));
    } catch (error) {
      failed(error);
    }
  };
  for (const path of paths) watchFile(path, { interval: lookEveryMs, persistent: false }, take);
  return () => {
    for (const path of paths) unwatchFile(path, take);
  };
}
