/** The OpenAPI document says what a request looks like and what each problem means, and the page says all of it to people. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { Compile } from 'typebox/compile';
import { errorKinds } from '../domain/error-kinds.js';
import { apiApp } from './app.js';
import type { ApiContext } from './context.js';
import type { ReferenceDocument } from './reference-page.js';

let app: FastifyInstance;
let address: string;
let document: ReferenceDocument;
let page: string;

beforeAll(async () => {
  app = fastify();
  // To be described routes need nothing to work with.
  await app.register(apiApp, {
    context: { repositories: {}, access: {}, signIn: null } as unknown as ApiContext,
  });
  address = await app.listen({ host: '127.0.0.1', port: 0 });
  document = (await (await fetch(`${address}/api/openapi.json`)).json()) as ReferenceDocument;
  page = await (await fetch(`${address}/api/reference`)).text();
});

afterAll(() => app.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );

test('every body of JSON has an example, and is of the kind that the route takes', () => {
  const { schemas } = document.components;
  const faults = operations().flatMap(({ operationId, requestBody }) => {
    const json = requestBody?.content['application/json'];
    if (json === undefined) return [];
    if (json.example === undefined) return [`${operationId ?? ''} has none`];
    // What the document refers to is put where it is referred to.
    const whole = JSON.parse(JSON.stringify(json.schema), (_key, member: unknown) => {
      const name = (member as { $ref?: string } | null)?.$ref?.split('/').at(-1);
      return name === undefined ? member : schemas[name];
    }) as object;
    return Compile(whole).Check(json.example) ? [] : [`${operationId ?? ''} is refused`];
  });
  expect(faults).toEqual([]);
});

test('the page has every operation with who may use it, every schema and every problem', () => {
  for (const { path, method, operationId, 'x-role': role } of operations()) {
    expect(page).toContain(`id="${operationId ?? ''}"><h3><code>${method.toUpperCase()} ${path}</code>`);
    expect(role).toBeDefined();
  }
  for (const name of Object.keys(document.components.schemas)) expect(page).toContain(`id="schema-${name}"`);
  for (const [code, { advice }] of Object.entries(errorKinds)) {
    expect(page).toContain(`<code id="${code}">`);
    expect(page).toContain(
      advice.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;'),
    );
  }
});

test('every link of the page leads to a place on it, and to one alone', () => {
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  const links = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
  expect(links.filter((id) => !ids.includes(id))).toEqual([]);
});

test('the page loads nothing, and its own style alone is let', async () => {
  const { headers } = await fetch(`${address}/api/reference`);
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(page).not.toMatch(/<script|<img|<link| src=| style=/);
});
