import type { ServerResponse } from 'node:http';

/** Answers with white space that never ends, as long as somebody takes it. */
export function answerEndlessly(response: ServerResponse): true {
  response.writeHead(200, { 'content-type': 'application/json' });
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20))) continue;
    if (!response.destroyed) response.once('drain', more);
  };
  more();
  return true;
}
