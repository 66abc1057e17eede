import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { Collector } from './collector.js';

const run = promisify(execFile);
const artifacts = join(import.meta.dirname, 'artifacts');
const reading = {
  gateway: 'gw-1',
  version: '1.0.0',
  temperature: 21.5,
  source: 'simulated',
  platform: 'armv7',
  at: '2026-01-01T00:00:00Z',
};

describe('collector', () => {
  let collector: Collector;
  beforeEach(async () => {
    collector = await Collector.start();
  });
  afterEach(() => collector.stop());

  async function post(body: string): Promise<number> {
    const response = await request(collector.address, { method: 'POST', body });
    await response.body.dump();
    return response.statusCode;
  }

  test('counts readings by version and gateway', async () => {
    for (const gateway of ['gw-1', 'gw-1', 'gw-2']) {
      expect(await post(JSON.stringify({ ...reading, gateway }))).toBe(204);
    }
    expect(await post(JSON.stringify({ ...reading, version: '2.0.0' }))).toBe(204);
    expect(collector.readings().map(({ gateway, version, count }) => [gateway, version, count])).toEqual([
      ['gw-1', '1.0.0', 2],
      ['gw-2', '1.0.0', 1],
      ['gw-1', '2.0.0', 1],
    ]);
    expect([...collector.gatewaysOf('1.0.0')]).toEqual(['gw-1', 'gw-2']);
  });

  test.each(['', '{', '[]', '{"gateway":"gw-1"}', `"${'x'.repeat(5_000)}"`])(
    'refuses %.20s',
    async (body) => {
      expect(await post(body)).toBe(400);
      expect(collector.readings()).toEqual([]);
    },
  );

  test.each(['1.0.0', '2.0.0'])('takes what http-post %s sends', async (version) => {
    const script = `. ${artifacts}/http-post-${version}/lib/http-post.sh; http_post_json "$1" "$2"`;
    await run('sh', ['-c', script, 'sh', collector.address, JSON.stringify(reading)]);
    expect(collector.readings()).toHaveLength(1);
  });
});
