import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { request } from 'undici';
import { dashboardRoutes } from './routes/dashboard.js';

let app: FastifyInstance;
let address: string;

beforeAll(async () => {
  app = fastify();
  await app.register(dashboardRoutes);
  address = await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => app.close());

async function get(path: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') {
  const answer = await request(`${address}${path}`, { method, headers });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  return { status: answer.statusCode, headers: answer.headers, bytes, body: bytes.toString('utf8') };
}

async function script(): Promise<string> {
  const { body } = await get('/');
  return /<script[^>]+src="([^"]+)"/.exec(body)?.[1] ?? '';
}

describe('the dashboard', () => {
  test('is served at / with everything that its page names', async () => {
    const page = await get('/');
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    const names = [...page.body.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThanOrEqual(3);
    for (const name of names)
      expect({ name, status: (await get(name)).status }).toEqual({ name, status: 200 });
  });

  test('answers its page at the address of every view, however deep', async () => {
    const page = await get('/');
    for (const path of ['/gateways', '/gateways/gw.1%2Fx', '/campaigns/x/report', '/plan', '/access'])
      expect({ path, body: (await get(path)).body }).toEqual({ path, body: page.body });
  });

  test('may load and call nothing but its own server', async () => {
    for (const path of ['/', '/gateways/1']) {
      const { headers, body } = await get(path);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';" +
          "base-uri 'none';form-action 'none';frame-ancestors 'none'",
      );
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(body).not.toMatch(/https?:\/\/|style=|<style|<script(?![^>]*src=)/);
    }
  });

  test('is kept by browsers: what never changes for ever, the page until it has', async () => {
    const path = await script();
    expect((await get(path)).headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const page = await get('/');
    expect(page.headers['cache-control']).toBe('no-cache');
    const etag = String(page.headers['etag']);
    expect(await get('/', { 'if-none-match': etag })).toMatchObject({ status: 304, body: '' });
  });

  test('is sent compressed to whoever takes it so', async () => {
    const path = await script();
    const plain = await get(path);
    expect(plain.headers['content-encoding']).toBeUndefined();
    const brotli = await get(path, { 'accept-encoding': 'gzip, deflate, br' });
    expect(brotli.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding' });
    expect(brotliDecompressSync(brotli.bytes).equals(plain.bytes)).toBe(true);
    const gzip = await get(path, { 'accept-encoding': 'gzip, br;q=0' });
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzip.bytes).equals(plain.bytes)).toBe(true);
    expect(new Set([plain, brotli, gzip].map(({ headers }) => headers['etag'])).size).toBe(3);
  });

  test('is less than 250 KB before the first page, all that its document names together', async () => {
    const names = [...(await get('/')).body.matchAll(/(?:src|href)="([^"#]+)"/g)].map(
      ([, name]) => name ?? '',
    );
    const sizes = await Promise.all(
      names.map(async (name) => (await get(name, { 'accept-encoding': 'gzip' })).bytes.length),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(250_000);
  });

  test('tells of its files without sending them', async () => {
    const head = await get('/gateways', {}, 'HEAD');
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(String((await get('/gateways')).bytes.length));
  });

  test('leaves other addresses to the API', async () => {
    for (const path of [
      '/package.json',
      '/views.json',
      '/index.html.gz',
      '/assets/nothing.js',
      '/gatewaysx',
      '/..%2f',
    ])
      expect({ path, status: (await get(path)).status }).toEqual({ path, status: 404 });
  });
});
