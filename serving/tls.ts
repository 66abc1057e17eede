import { X509Certificate } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:tls';
import { createSecureContext } from 'node:tls';
import { LeonoreError } from '../domain/errors.js';

/** What a server proves with who it is; all PEM. */
export interface TlsFiles {
  /** Certificate, and those between it and its authority. */
  readonly certPath: string;
  readonly keyPath: string;
  /** Authorities whose certificates gateways must have; absent where they need none. */
  readonly clientCaPath?: string;
}

export interface TlsContent {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Of clients. */
  readonly ca?: Buffer;
}

/** How often it is looked whether the files are others. */
const lookEveryMs = 2_000;

/**
 * What a process was configured with.
 * @returns null for a server without TLS
 * @throws LeonoreError MALFORMED_INPUT when only one of the two was given, or what needs them without them
 */
export function tlsFilesOf(config: {
  readonly LEONORE_TLS_CERT?: string;
  readonly LEONORE_TLS_KEY?: string;
  readonly LEONORE_TLS_CA?: string;
  readonly LEONORE_TLS_CLIENT_CA?: string;
}): TlsFiles | null {
  const { LEONORE_TLS_CERT: certPath, LEONORE_TLS_KEY: keyPath } = config;
  const { LEONORE_TLS_CA: caPath, LEONORE_TLS_CLIENT_CA: clientCaPath } = config;
  const others = [caPath, clientCaPath].filter((path) => path !== undefined);
  if (certPath === undefined && keyPath === undefined && others.length === 0) return null;
  if (certPath === undefined || keyPath === undefined) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      'configuration: LEONORE_TLS_CERT and LEONORE_TLS_KEY go together, and with them the other LEONORE_TLS_ variables',
    );
  }
  return { certPath, keyPath, ...(clientCaPath === undefined ? {} : { clientCaPath }) };
}

/** @throws LeonoreError MALFORMED_INPUT when a file cannot be read, or the two do not belong together */
export function readTls({ certPath, keyPath, clientCaPath }: TlsFiles): TlsContent {
  try {
    const own = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
    const content = clientCaPath === undefined ? own : { ...own, ca: readFileSync(clientCaPath) };
    if (content !== own) certificatesOf(readFileSync(clientCaPath ?? '', 'utf8'));
    createSecureContext(content);
    return content;
  } catch (error) {
    const and = clientCaPath === undefined ? '' : `, or ${clientCaPath} holds no authority`;
    throw new LeonoreError(
      'MALFORMED_INPUT',
      `${certPath} and ${keyPath} are no certificate and its key${and}`,
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
  const { certPath, keyPath, clientCaPath } = files;
  return follow(
    [certPath, keyPath, ...(clientCaPath === undefined ? [] : [clientCaPath])],
    () => server.setSecureContext(readTls(files)),
    failed,
  );
}

/** The authorities that gateways are told to believe from their registration on, as the file says now. */
export class ToldAuthorities {
  private constructor(
    private text: string,
    /** To be called when the server ends. */
    readonly close: () => void,
  ) {}

  /**
   * @param failed told why a change was not taken; what was told before is told on then
   * @throws LeonoreError MALFORMED_INPUT when the file holds none that this server's certificate is of: every gateway that
   *   believed it would be lost
   */
  static open(caPath: string, { certPath }: TlsFiles, failed: (error: unknown) => void): ToldAuthorities {
    const read = (): string => {
      const text = readFileSync(caPath, 'utf8');
      const last = certificatesOf(readFileSync(certPath, 'utf8')).at(-1);
      const isOneOf = certificatesOf(text).some(
        (authority) =>
          last !== undefined &&
          (last.fingerprint256 === authority.fingerprint256 ||
            (last.checkIssued(authority) && last.verify(authority.publicKey))),
      );
      if (!isOneOf) throw new Error(`${certPath} is of none of its authorities`);
      return text;
    };
    try {
      const told: ToldAuthorities = new ToldAuthorities(
        read(),
        follow([caPath, certPath], () => (told.text = read()), failed),
      );
      return told;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new LeonoreError('MALFORMED_INPUT', `LEONORE_TLS_CA, ${caPath}: ${why}`, {}, { cause: error });
    }
  }

  get pem(): string {
    return this.text;
  }
}

/** Calls `take` whenever one of the files is another one; what it throws is told. @returns ends it */
function follow(paths: readonly string[], take: () => void, failed: (error: unknown) => void): () => void {
  const look = (): void => {
    try {
      take();
    } catch (error) {
      failed(error);
    }
  };
  for (const path of paths) watchFile(path, { interval: lookEveryMs, persistent: false }, look);
  return () => {
    for (const path of paths) unwatchFile(path, look);
  };
}

/** The certificates of a PEM text, in their order. @throws when one cannot be read, or there is none */
function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('it holds no certificate');
  return blocks.map((block) => new X509Certificate(block));
}
