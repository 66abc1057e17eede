import { appendFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

export type LogLevel = 'info' | 'warn' | 'error';
/** Facts beside the message; never a token and never a task's values. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

const fileBytes = 512 * 1024;

/**
 * The agent's own log: lines of JSON in `agent.log`, and one file of older lines, so never more than 1 MiB together.
 * A log that cannot be written must not stop an agent, so a failure to write is ignored.
 *
 * @param also receives each line, too
 */
export function boundedLog(directory: string, also?: Log): Log {
  const path = join(directory, 'agent.log');
  let size = sizeOf(path);
  return (level, message, fields = {}) => {
    also?.(level, message, fields);
    const line = `${JSON.stringify({ at: new Date().toISOString(), level, message, ...fields })}\n`;
    try {
      if (size + line.length > fileBytes) {
        renameSync(path, `${path}.1`);
        size = 0;
      }
      appendFileSync(path, line, { mode: 0o600 });
      size += line.length;
    } catch {
      // A full disk.
    }
  };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
