import type { Logger } from 'pino';
import { LeonoreError } from '../domain/errors.js';
import { placeOf, type StoredSecret, type ValueRepository } from '../repositories/value-repository.js';
import { sealFor, sealingKeyId, sealingPublicKey, type SecretOpener } from '../trust/sealing-keys.js';

export interface ResealOptions {
  readonly values: Pick<ValueRepository, 'sealedOtherwise' | 'replaceSealed'>;
  readonly opener: Pick<SecretOpener, 'open'>;
  /** The private keys, the newest first, as they are now. */
  readonly keys: () => readonly string[];
  readonly logger: Logger;
}

/** Secrets sealed anew in one transaction. */
const batchSize = 200;
/** How often it is looked whether the key is another. */
const intervalMs = 60_000;
/** How often all secrets are looked through although it is not: an api may have used the old one for a while. */
const againMs = 3_600_000;

/** Seals anew, for the newest key, what is sealed for another: only nodes can, since only they can open it. */
export class SecretResealer {
  private readonly timer: NodeJS.Timeout;
  private isEnded = false;
  private sealedFor = '';
  private againAtMs = 0;
  private round: Promise<void> | null = null;

  constructor(private readonly options: ResealOptions) {
    this.timer = setInterval(() => this.look(), intervalMs);
    this.look();
  }

  async stop(): Promise<void> {
    this.isEnded = true;
    clearInterval(this.timer);
    await this.round;
  }

  private look(): void {
    const { logger } = this.options;
    this.round ??= this.resealWhenDue()
      .then(({ sealed, left }) => {
        if (sealed > 0) logger.info({ sealed }, 'secrets were sealed anew for the newest key');
        if (left > 0) logger.warn({ left }, 'secrets are sealed for keys that this node has not');
      })
      .catch((error: unknown) => {
        if (error instanceof LeonoreError) logger.warn({ code: error.code }, error.message);
        else logger.error({ err: error }, 'secrets were not sealed anew');
      })
      .finally(() => (this.round = null));
  }

  private async resealWhenDue(): Promise<{ readonly sealed: number; readonly left: number }> {
    const newest = this.options.keys()[0] ?? '';
    if (newest === this.sealedFor && performance.now() < this.againAtMs) return { sealed: 0, left: 0 };
    const done = await resealSecrets(this.options, () => this.isEnded);
    this.sealedFor = newest;
    this.againAtMs = performance.now() + againMs;
    return done;
  }
}

/** @returns how many secrets were sealed anew, and how many could not be opened */
export async function resealSecrets(
  { values, opener, keys }: Omit<ResealOptions, 'logger'>,
  isEnded: () => boolean = () => false,
): Promise<{ readonly sealed: number; readonly left: number }> {
  const publicKey = sealingPublicKey(keys()[0] ?? '');
  let [sealed, left] = [0, 0];
  let after: StoredSecret | undefined;
  while (!isEnded()) {
    const found = await values.sealedOtherwise(sealingKeyId(publicKey), batchSize, after);
    const changes = found.flatMap(({ sealed: before, ...where }) => {
      const place = placeOf(where.gatewayId, where.key, where.sharedId);
      try {
        return [{ ...where, before, now: sealFor(publicKey, opener.open(before, place), place) }];
      } catch (error) {
        if (!(error instanceof LeonoreError)) throw error;
        return [];
      }
    });
    await values.replaceSealed(changes);
    sealed += changes.length;
    left += found.length - changes.length;
    after = found.at(-1);
    if (found.length < batchSize) break;
  }
  return { sealed, left };
}
