import { Writable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { LeonoreError } from '../domain/errors.js';
import { createLogger } from './logger.js';

/** What `log` writes, parsed. */
function written(log: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  log(createLogger('test', 'info', destination));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe.each(['err', 'error'])('an error called %s', (key) => {
  test('is written with its type, message, code, stack and cause', () => {
    const cause = new Error('ECONNREFUSED 127.0.0.1:5432');
    const error = new LeonoreError('DATABASE_UNAVAILABLE', 'PostgreSQL is away', {}, { cause });
    const [line] = written((logger) => logger.warn({ [key]: error }, 'Activity failed'));
    expect(line).toMatchObject({
      msg: 'Activity failed',
      [key]: {
        type: 'LeonoreError',
        code: 'DATABASE_UNAVAILABLE',
        message: 'PostgreSQL is away: ECONNREFUSED 127.0.0.1:5432',
        stack: expect.stringMatching(/logger\.test\.ts[\s\S]*caused by: Error: ECONNREFUSED/),
      },
    });
  });

  test('may come from another realm, as those of workflow code do', () => {
    const error: unknown = runInNewContext("new TypeError('no such thing')");
    const [line] = written((logger) => logger.error({ [key]: error }, 'Workflow failed'));
    expect(line).toMatchObject({ [key]: { type: 'TypeError', message: 'no such thing' } });
  });

  test('may be anything that was thrown', () => {
    for (const thrown of ['words', null, 7, { reason: 'an object' }]) {
      const [line] = written((logger) => logger.error({ [key]: thrown }, 'failed'));
      expect(line).toHaveProperty(key, thrown);
    }
  });
});

test('tokens are not written', () => {
  const [line] = written((logger) =>
    logger.info({ gateway: { id: 'gw', token: 'secret' }, req: { headers: { authorization: 'secret' } } }),
  );
  expect(line).toMatchObject({ gateway: { id: 'gw' }, req: { headers: {} } });
  expect(JSON.stringify(line)).not.toContain('secret');
});
