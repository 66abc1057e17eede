/**
 * What a process of LEONORE says to the stack that started it. Both do nothing in a process that nobody supervises,
 * so entry points call them always.
 */

/** The message that tells the stack that a process serves now. */
export interface ReadyMessage {
  readonly type: 'ready';
  /** URL under which the process is reached, when it listens. */
  readonly address?: string;
}

/** Tells the stack that this process serves now. */
export function reportReady(address?: string): void {
  const message: ReadyMessage = address === undefined ? { type: 'ready' } : { type: 'ready', address };
  process.send?.(message);
}

/** Ends this process as SIGTERM would when the stack that started it has died. */
export function exitWithParent(): void {
  if (!process.connected) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // Listening must not keep the process running when all else is done.
  process.channel?.unref();
}
