import { describe, expect, test } from '@jest/globals';
import { SharedLooks } from './shared-looks.js';

/** Of somebody who stays. */
const stays = () => new AbortController().signal;

describe('looks at a thing', () => {
  test('are shared by all that watch it', async () => {
    let looks = 0;
    const shared = new SharedLooks(async () => (looks += 1), 5);
    const watchers = Array.from({ length: 200 }, async () => {
      const seen: number[] = [];
      for await (const found of shared.follow('a', stays())) {
        seen.push(found);
        if (found === 4) return seen;
      }
      return seen;
    });
    expect(await Promise.all(watchers)).toEqual(Array.from({ length: 200 }, () => [1, 2, 3, 4]));
    expect(looks).toBe(4);
  });

  test('are of that thing alone', async () => {
    const shared = new SharedLooks(async (id) => id, 5);
    const firsts = ['a', 'b'].map(async (id) => (await shared.follow(id, stays()).next()).value as string);
    expect(await Promise.all(firsts)).toEqual(['a', 'b']);
  });

  test('end with the last who watches', async () => {
    let looks = 0;
    let lastLooks = 0;
    const shared = new SharedLooks(async () => (looks += 1), 1);
    for (let turn = 0; turn < 3; turn += 1) {
      for await (const found of shared.follow('a', stays())) {
        lastLooks = found;
        break;
      }
    }
    // Each of the three came alone: the first look of each is made at once, and nobody looked in between.
    expect({ looks, lastLooks }).toEqual({ looks: 3, lastLooks: 3 });
  });

  test('that fail are told to all that watch, and made anew for who comes next', async () => {
    let broken = true;
    const shared = new SharedLooks(async () => {
      if (broken) throw new Error('away');
      return 'here';
    }, 1);
    const watchers = Array.from({ length: 3 }, () => shared.follow('a', stays()).next());
    for (const watcher of await Promise.allSettled(watchers)) expect(watcher.status).toBe('rejected');
    broken = false;
    expect((await shared.follow('a', stays()).next()).value).toBe('here');
  });

  test('are not waited for by who has gone', async () => {
    const gone = new AbortController();
    const shared = new SharedLooks(() => new Promise<never>(() => undefined), 1);
    const watching = shared.follow('a', gone.signal).next();
    gone.abort(new Error('gone'));
    await expect(watching).rejects.toThrow('gone');
  });
});
