/**
 * What is said in some seventy cases without a plan, kept beside them and read by eye. `GOLDEN=write npm run jest -- explanations`
 * writes the texts anew: read what changed before it is kept.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseRequest } from '../plan/request.js';
import { createCatalog } from './create-catalog.js';
import { readCatalog } from './read-catalog.js';
import { resolve } from './resolve.js';

const folder = new URL('./testing/unsatisfiable/', import.meta.url);
const cases = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .sort();

describe('explanations', () => {
  test.each(cases)('%s', (file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    const requests = (text.split('\n', 1)[0] ?? '').slice(2).split(' ').map(parseRequest);
    const { artifacts, gateway } = readCatalog(text, file);
    const { outcome, explanation } = resolve({ catalog: createCatalog(artifacts), gateway, requests });
    expect(outcome).toBe('unsatisfiable');
    const golden = new URL(file.replace('.yaml', '.txt'), folder);
    if (process.env['GOLDEN'] === 'write') writeFileSync(golden, `${explanation ?? ''}\n`);
    expect(`${explanation ?? ''}\n`).toBe(readFileSync(golden, 'utf8'));
  });
});
