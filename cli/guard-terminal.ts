import type { WriteStream } from 'node:tty';

/** The cursor is shown, and long lines wrap. */
const asItWas = '\u001b[?25h\u001b[?7h';
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Sees to it that a terminal whose cursor is hidden gets it back, whatever ends the process but SIGKILL: a signal, which then
 * does what it does without this, or an error that nobody caught.
 * @returns what ends the guard, once the terminal is as it was
 */
export function guardTerminal(terminal: WriteStream): () => void {
  // To a terminal is written at once, also while the process ends.
  const restore = (): void => void terminal.write(asItWas);
  const interrupted = (signal: NodeJS.Signals): void => {
    terminal.write(`${asItWas}\n`);
    release();
    process.kill(process.pid, signal);
  };
  const release = (): void => {
    process.off('exit', restore);
    for (const signal of signals) process.off(signal, interrupted);
  };
  process.once('exit', restore);
  for (const signal of signals) process.once(signal, interrupted);
  return release;
}
