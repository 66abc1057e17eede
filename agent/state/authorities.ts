/** Whom the gateway believes that a server is who it says: pinned at its enrolment, and replaced by those alone. */
import { X509Certificate } from 'node:crypto';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { LeonoreError } from '../../domain/errors.js';
import type { Log } from './bounded-log.js';
import { readStateFile, writeStateFile } from './state-file.js';
import { messageOf } from './system-error.js';

const AuthoritiesSchema = Type.Object({ pem: Type.String() });

export interface AuthoritiesOptions {
  readonly path: string;
  /** PEM that the operator gave with the device. */
  readonly given: string | undefined;
  readonly log: Log;
}

export class Authorities {
  /** What did not get onto the disk is written with the next registration. */
  #isKept: boolean;

  private constructor(
    private readonly options: AuthoritiesOptions,
    private current: string | undefined,
    isKept: boolean,
  ) {
    this.#isKept = isKept;
  }

  /** @throws LeonoreError MALFORMED_INPUT when what was given holds no certificate */
  static async open(options: AuthoritiesOptions): Promise<Authorities> {
    const { path, given, log } = options;
    if (given !== undefined && !isPem(given))
      throw new LeonoreError('MALFORMED_INPUT', 'The file of the authority holds no certificate in PEM.');
    const kept = await readStateFile(path);
    if (!Value.Check(AuthoritiesSchema, kept)) return new Authorities(options, given, false);
    if (given !== undefined && given !== kept.pem)
      log('warn', 'the authority that was pinned at the enrolment is believed, not the one given', { path });
    return new Authorities(options, kept.pem, true);
  }

  /** PEM of those that are believed; undefined: whom the system believes, and plain HTTP. */
  get pem(): string | undefined {
    return this.current;
  }

  /**
   * Pins what the enrolment was verified by, or what LEONORE has told instead.
   *
   * @param told by a server that was verified
   */
  async registered(told: string | undefined): Promise<void> {
    const { path, log } = this.options;
    if (told !== undefined && !isPem(told)) {
      log('error', 'LEONORE tells an authority that is no certificate; it is not believed');
      return;
    }
    const pem = told ?? this.current;
    if (pem === undefined || (pem === this.current && this.#isKept)) return;
    this.current = pem;
    this.#isKept = await writeStateFile(path, { pem }, { copied: true }).then(
      () => true,
      (error: unknown) => {
        log('error', 'the authority cannot be kept', { problem: messageOf(error) });
        return false;
      },
    );
  }
}

function isPem(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch {
    return false;
  }
  return blocks.length > 0;
}
