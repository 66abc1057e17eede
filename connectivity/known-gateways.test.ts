import { beforeEach, describe, expect, test } from '@jest/globals';
import { KnownGateways } from './known-gateways.js';

interface Entry {
  readonly text: string;
}

let known: KnownGateways<Entry>;
beforeEach(() => {
  known = new KnownGateways<Entry>();
});

/** A query that answers when it is told to. */
function query(): { run: () => Promise<Map<string, Entry>>; answer: (text: string) => void } {
  let answer: (text: string) => void = () => undefined;
  const answered = new Promise<Map<string, Entry>>((resolve) => {
    answer = (text) => resolve(new Map([['gw-1', { text }]]));
  });
  return { run: () => answered, answer: (text) => answer(text) };
}

describe('what is remembered of gateways', () => {
  test('is what was read, while changes are announced', async () => {
    await known.read(
      async () => new Map([['gw-1', { text: 'before' }]]),
      () => true,
    );
    expect(known.get('gw-1')).toBeUndefined();
    known.trust();
    await known.read(
      async () =>
        new Map([
          ['gw-1', { text: 'own' }],
          ['gw-2', { text: 'foreign' }],
        ]),
      ({ text }) => text === 'own',
    );
    expect(known.get('gw-1')).toEqual({ text: 'own' });
    expect(known.get('gw-2')).toBeUndefined();
    known.distrust();
    expect(known.get('gw-1')).toBeUndefined();
  });

  test('is never older than an announcement that came while it was read', async () => {
    known.trust();
    const slow = query();
    const reading = known.read(slow.run, () => true);
    known.forget('gw-1');
    slow.answer('old');
    expect((await reading).get('gw-1')).toEqual({ text: 'old' });
    expect(known.get('gw-1')).toBeUndefined();
  });

  test('is never older than a loss of the announcements', async () => {
    known.trust();
    const slow = query();
    const reading = known.read(slow.run, () => true);
    known.distrust();
    known.trust();
    slow.answer('old');
    await reading;
    expect(known.get('gw-1')).toBeUndefined();
  });

  test('can be changed by who knows better, and what is being read does not undo that', async () => {
    known.trust();
    await known.read(
      async () => new Map([['gw-1', { text: 'read' }]]),
      () => true,
    );
    const slow = query();
    const reading = known.read(slow.run, () => true);
    known.change('gw-1', () => ({ text: 'changed' }));
    slow.answer('old');
    await reading;
    expect(known.get('gw-1')).toEqual({ text: 'changed' });
  });
});
