import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

/**
 * Logs of a process as JSON lines, by default on standard output; tokens never reach them.
 *
 * LEONORE calls an error `err`, Temporal's SDK `error`: either is written with type, message, stack and causes, which
 * an error as such would not be.
 */
export function createLogger(process: string, level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      name: process,
      level,
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      redact: { paths: ['req.headers.authorization', '*.token', '*.authorization'], remove: true },
    },
    ...(destination === undefined ? [] : [destination]),
  );
}
