import { describe, expect, test } from '@jest/globals';
import { readEvents, type ServerEvent } from './event-stream.js';

async function eventsOf(...chunks: string[]): Promise<ServerEvent[]> {
  async function* body() {
    for (const chunk of chunks) yield new TextEncoder().encode(chunk);
  }
  const events: ServerEvent[] = [];
  for await (const event of readEvents(body())) events.push(event);
  return events;
}

describe('events of a stream', () => {
  test('are read across the borders of chunks', async () => {
    expect(await eventsOf('event: pro', 'gress\nda', 'ta: {"a":1}\n', '\n')).toEqual([
      { event: 'progress', data: '{"a":1}' },
    ]);
  });

  test.each(['\n', '\r\n', '\r'])('may end their lines with %j', async (end) => {
    expect(await eventsOf(['event: end', 'data: 1', 'data: 2', '', ''].join(end) + end)).toEqual([
      { event: 'end', data: '1\n2' },
    ]);
  });

  test('have the name message unless they say another', async () => {
    expect(await eventsOf('data:x\n\n')).toEqual([{ event: 'message', data: 'x' }]);
  });

  test('leave out comments, and what the end cuts off', async () => {
    expect(await eventsOf(': quiet\n\ndata: whole\n\ndata: half\n')).toEqual([
      { event: 'message', data: 'whole' },
    ]);
  });
});
