import type { Logger } from 'pino';
import { exitWithParent, reportReady } from './parent.js';

/** Time that a process gives its parts to end in order. */
const graceMs = 20_000;

/**
 * The life of a LEONORE process: says when it is ready, ends in order when asked to (SIGTERM, SIGINT, or the end of
 * the process that started it), and never lingers.
 */
export class Lifecycle {
  private readonly closers: { name: string; close: () => Promise<void> }[] = [];
  private ending: Promise<void> | null = null;

  constructor(private readonly logger: Logger) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void this.end(0, signal));
    exitWithParent();
    process.on('unhandledRejection', (error) => {
      logger.error({ err: error }, 'unhandled rejection');
      void this.end(1, 'unhandled rejection');
    });
  }

  /** Registers what must be closed; closed in the reverse order. */
  onEnd(name: string, close: () => Promise<void>): void {
    this.closers.push({ name, close });
  }

  /** Tells the process that started this one, if it listens, and where this one does. */
  ready(address?: string): void {
    this.logger.info({ address }, 'ready');
    reportReady(address);
  }

  get isEnding(): boolean {
    return this.ending !== null;
  }

  /** Ends the process. Only the first call counts. */
  end(exitCode: number, reason: string): Promise<void> {
    this.ending ??= this.closeAll(exitCode, reason);
    return this.ending;
  }

  private async closeAll(exitCode: number, reason: string): Promise<void> {
    this.logger.info({ reason }, 'ending');
    setTimeout(() => {
      this.logger.error('parts did not end in time');
      process.exit(1);
    }, graceMs).unref();
    for (const { name, close } of this.closers.reverse()) {
      await close().catch((error: unknown) =>
        this.logger.warn({ err: error, part: name }, 'a part did not end well'),
      );
    }
    process.exit(exitCode);
  }
}
