import { pino, type Logger } from 'pino';

/** Logs of a process as JSON lines on standard output; tokens never reach them. */
export function createLogger(process: string, level: string): Logger {
  return pino({
    name: process,
    level,
    redact: { paths: ['req.headers.authorization', '*.token', '*.authorization'], remove: true },
  });
}
