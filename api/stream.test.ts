/** One stream for a page: what changes, how old it is, and to whom it is told. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { request } from 'undici';
import { readEvents } from '../client/event-stream.js';
import { limits } from '../domain/limits.js';
import {
  addToken,
  buildingFleet,
  outsider,
  ownBuilding,
  type BuildingFleet,
} from '../tests/support/building-fleet.js';
import { addRollout } from '../tests/support/test-repositories.js';
import { testApi, testTokens, type TestApi } from '../tests/support/test-api.js';

let api: TestApi;
let fleet: BuildingFleet;

beforeAll(async () => {
  api = await testApi('127.0.0.1:9');
  fleet = await buildingFleet(api.repositories);
}, 60_000);

afterAll(() => api.close());

jest.setTimeout(40_000);
const open: Listener[] = [];
afterEach(() => {
  for (const listener of open.splice(0)) listener.leave();
});

interface Heard {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>> & {
    readonly ageMs: number;
    readonly items?: readonly { readonly id: string; readonly state?: string }[];
  };
}

/** A stream that is read until it is left; the ids of events are read beside what a client reads. */
class Listener {
  private readonly gone = new AbortController();
  private heard: Heard[] = [];
  private next: (() => void) | null = null;
  ended = false;

  private constructor(body: AsyncIterable<Uint8Array>) {
    void this.read(body);
  }

  static async open(query: string, token: string = testTokens.viewer, lastEventId?: string) {
    const answer = await request(`${api.address}/api/v1/stream?${query}`, {
      headers: {
        authorization: `Bearer ${token}`,
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('text/event-stream');
    const listener = new Listener(answer.body);
    open.push(listener);
    listener.gone.signal.addEventListener('abort', () => answer.body.destroy());
    return listener;
  }

  private async read(body: AsyncIterable<Uint8Array>): Promise<void> {
    const ids: string[] = [];
    async function* noted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of body) {
        for (const [, id = ''] of Buffer.from(chunk)
          .toString()
          .matchAll(/^id: (.*)$/gmu))
          ids.push(id);
        yield chunk;
      }
    }
    try {
      for await (const { event, data } of readEvents(noted())) {
        this.heard.push({ event, id: ids.shift() ?? '', data: JSON.parse(data) as Heard['data'] });
        this.next?.();
      }
    } catch {
      // Left.
    }
    this.ended = true;
    this.next?.();
  }

  /** The first event that is as wanted; it and earlier ones of its name are not heard again. */
  async hear(wanted: (heard: Heard) => boolean): Promise<Heard> {
    for (;;) {
      const index = this.heard.findIndex(wanted);
      const found = this.heard[index];
      if (found !== undefined) {
        this.heard = this.heard.filter(({ event }, place) => place > index || event !== found.event);
        return found;
      }
      if (this.ended) throw new Error('the stream ended');
      await new Promise<void>((resolve) => (this.next = resolve));
    }
  }

  async end(): Promise<void> {
    while (!this.ended) await new Promise<void>((resolve) => (this.next = resolve));
  }

  leave(): void {
    this.gone.abort();
  }
}

function named(event: string) {
  return (heard: Heard) => heard.event === event;
}

/** A change that is to be seen. */
async function rename(id: string, target: string): Promise<void> {
  await api.repositories.database.rollout.update({ where: { id }, data: { target } });
}

/** Ids of things that have to do with the other building alone. */
function mentionsOutsider(heard: Heard): boolean {
  const text = JSON.stringify(heard);
  return [outsider, fleet.foreignRollout, fleet.mixedRollout].some((id) => text.includes(id));
}

describe('a page is told', () => {
  test('what there is at first, then what has changed and nothing else', async () => {
    const page = await Listener.open('topics=rollouts,gateways,nodes,campaigns');
    // At its first look the api does not know yet that Temporal is away.
    const first = await page.hear(
      ({ event, data }) => event === 'rollouts' && JSON.stringify(data.items ?? []).includes('"Temporal"'),
    );
    expect(first.data.items?.map(({ id }) => id).sort()).toEqual(
      [fleet.ownRollout, fleet.foreignRollout, fleet.mixedRollout].sort(),
    );
    expect((await page.hear(named('gateways'))).data).toMatchObject({ total: 4, conditions: { online: 4 } });
    const added = await addRollout(api.repositories, ['app'], [fleet.mover]);
    const second = await page.hear(named('rollouts'));
    expect(second.data.items).toMatchObject([{ id: added, counts: { failed: 0 } }]);
    expect(second.data.ageMs).toBeGreaterThanOrEqual(0);
    await api.repositories.database
      .$executeRaw`UPDATE rollout SET state = 'succeeded', ended_at = now() WHERE id = ${added}::uuid`;
    const third = await page.hear(named('rollouts'));
    expect(third.data.items).toMatchObject([{ id: added, endedAt: expect.any(String) }]);
    page.leave();
  });

  test('many changes in a few messages', async () => {
    const page = await Listener.open('topics=rollouts');
    await page.hear(named('rollouts'));
    const added = await addRollout(api.repositories, ['app'], [fleet.mover]);
    for (let n = 1; n <= 300; n += 1) await rename(added, `${n} of 300`);
    const messages = new Set<Heard>();
    await page.hear((heard) => {
      if (heard.event === 'rollouts') messages.add(heard);
      return JSON.stringify(heard).includes('300 of 300');
    });
    expect(messages.size).toBeLessThan(30);
    page.leave();
  });

  test('progress of the rollouts that it names', async () => {
    const page = await Listener.open(`rollout=${fleet.ownRollout},${fleet.mixedRollout}`);
    const heard = [await page.hear(named('rollout')), await page.hear(named('rollout'))];
    expect(heard.map(({ data }) => (data['progress'] as { id: string }).id).sort()).toEqual(
      [fleet.ownRollout, fleet.mixedRollout].sort(),
    );
    page.leave();
  });

  test('that nothing has changed', async () => {
    const page = await Listener.open('topics=campaigns');
    const tick = await page.hear(named('tick'));
    expect(tick.data).toEqual({ at: expect.any(String), ageMs: expect.any(Number) });
    page.leave();
  });

  test('not again what it knows when it comes again', async () => {
    const before = await Listener.open('topics=rollouts,campaigns');
    const { id } = await before.hear(named('rollouts'));
    before.leave();
    const known = await Listener.open('topics=rollouts,campaigns', testTokens.viewer, id);
    await known.hear(named('tick'));
    await rename(fleet.ownRollout, 'another');
    const { data } = await known.hear(named('rollouts'));
    expect(data.items).toContainEqual(
      expect.objectContaining({ id: fleet.ownRollout, deployment: 'another' }),
    );
    known.leave();
    for (const hostile of ['%', 'rollouts=', 'x'.repeat(5_000), '__proto__=1']) {
      const anew = await Listener.open('topics=rollouts', testTokens.viewer, hostile);
      await anew.hear(named('rollouts'));
      anew.leave();
    }
  });
});

describe('a stream of somebody with a scope', () => {
  test('tells of his part of the fleet alone', async () => {
    const token = await addToken(api.repositories, [{ role: 'viewer', scope: ownBuilding }]);
    const page = await Listener.open('topics=rollouts,gateways,campaigns', token);
    const heard = [await page.hear(named('rollouts')), await page.hear(named('gateways'))];
    expect(heard.some(mentionsOutsider)).toBe(false);
    expect(heard[0]?.data.items?.map(({ id }) => id)).toEqual([fleet.ownRollout]);
    expect(heard[1]?.data).toMatchObject({ total: 2 });
    page.leave();
  });

  test('tells of no nodes, and of no rollout outside', async () => {
    const token = await addToken(api.repositories, [{ role: 'viewer', scope: ownBuilding }]);
    const ask = async (query: string) => {
      const { statusCode, body } = await request(`${api.address}/api/v1/stream?${query}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return [statusCode, ((await body.json()) as { code: string }).code];
    };
    expect(await ask('topics=nodes')).toEqual([403, 'FORBIDDEN']);
    expect(await ask(`rollout=${fleet.foreignRollout}`)).toEqual([404, 'ROLLOUT_NOT_FOUND']);
    expect(await ask('topics=rollouts,secrets')).toEqual([400, 'MALFORMED_INPUT']);
    expect(await ask('')).toEqual([400, 'MALFORMED_INPUT']);
  });

  test('ends when his token is revoked', async () => {
    const name = 'goes';
    const token = await addToken(api.repositories, [{ role: 'viewer', scope: null }], { name });
    const page = await Listener.open('topics=rollouts', token);
    await page.hear(named('rollouts'));
    await api.repositories.database.managementToken.deleteMany({ where: { name } });
    await page.end();
  });
});

test('streams of one caller are counted, whatever they tell', async () => {
  const token = await addToken(api.repositories, [{ role: 'viewer', scope: null }]);
  await Promise.all(
    Array.from({ length: limits.streams.ofOne }, () => Listener.open('topics=campaigns', token)),
  );
  const refused = await request(`${api.address}/api/v1/rollouts/${fleet.ownRollout}/events`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(refused.statusCode).toBe(429);
  await refused.body.dump();
});
