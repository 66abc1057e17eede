import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { request } from 'undici';
import { deliveryStates, endedStates } from '../domain/delivery/state.js';
import { awaitedBy, errorKinds } from '../domain/errors.js';
import { endedRolloutStates } from '../domain/rollout/state.js';
import { stepNames } from '../domain/rollout/steps.js';
import { dashboardRoutes } from './routes/dashboard.js';

let app: FastifyInstance;
let address: string;

beforeAll(async () => {
  app = fastify();
  await app.register(dashboardRoutes);
  address = await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => app.close());

async function get(path: string, headers: Record<string, string> = {}) {
  const answer = await request(`${address}${path}`, { headers });
  return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() };
}

describe('the dashboard', () => {
  test('is served at / with everything that its page names', async () => {
    const page = await get('/');
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    const names = [...page.body.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, name]) => name);
    expect(names).toHaveLength(3);
    for (const name of names) expect((await get(`/${name}`)).status).toBe(200);
  });

  test('may load and call nothing but its own server', async () => {
    const { headers, body } = await get('/');
    expect(headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';" +
        "base-uri 'none';form-action 'none';frame-ancestors 'none'",
    );
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(body).not.toMatch(/https?:\/\/|style=|<script(?![^>]*src=)/);
  });

  test('is not sent again when it has not changed', async () => {
    const etag = String((await get('/dashboard.js')).headers['etag']);
    expect(await get('/dashboard.js', { 'if-none-match': etag })).toMatchObject({ status: 304, body: '' });
  });

  test('leaves other addresses to the API', async () => {
    for (const path of ['/package.json', '/static/index.html', '/nothing.js'])
      expect((await get(path)).status).toBe(404);
  });
});

describe('the words of the domain', () => {
  test('are served as a module', async () => {
    const { headers, body } = await get('/vocabulary.js');
    expect(headers['content-type']).toMatch(/^text\/javascript/);
    const words = JSON.parse(
      `{${[...body.matchAll(/^export const (\w+) = Object\.freeze\((.*)\);$/gm)]
        .map(([, name, value]) => `"${name ?? ''}":${value ?? ''}`)
        .join(',')}}`,
    ) as Record<string, unknown>;
    expect(words).toMatchObject({ deliveryStates, endedStates, stepNames });
    for (const [code, what] of Object.entries(words['awaitedByCode'] as Record<string, string>))
      expect(awaitedBy(code)).toBe(what);
    expect(Object.keys(words['awaitedByCode'] as object)).toEqual(
      Object.keys(errorKinds).filter((code) => awaitedBy(code) !== null),
    );
  });

  test('are spelt out by no page', async () => {
    const page = await get('/');
    const seen = new Set<string>();
    const waiting = [
      'dashboard.js',
      ...[...page.body.matchAll(/src="([^"]+)"/g)].map(([, name]) => name ?? ''),
    ];
    while (waiting.length > 0) {
      const name = waiting.pop() ?? '';
      if (seen.has(name) || name === 'vocabulary.js') continue;
      seen.add(name);
      const { status, body } = await get(`/${name}`);
      expect({ name, status }).toEqual({ name, status: 200 });
      for (const [, imported] of body.matchAll(/from '\.\/([^']+)'/g)) waiting.push(imported ?? '');
      for (const word of [...deliveryStates, ...endedRolloutStates, ...Object.values(stepNames)])
        expect({ name, holds: body.includes(`'${word}'`) ? word : null }).toEqual({ name, holds: null });
    }
    expect([...seen]).toEqual(expect.arrayContaining(['dashboard.js', 'progress-bar.js', 'rollout-view.js']));
  });

  test('have a colour each', async () => {
    const { body } = await get('/dashboard.css');
    for (const state of deliveryStates) expect(body).toContain(`.${state}`);
  });
});
