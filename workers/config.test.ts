import { expect, test } from '@jest/globals';
import { readEnvironment } from '../domain/read-environment.js';
import { NodeConfigSchema } from './config.js';

const least = {
  DATABASE_URL: 'postgresql://localhost/leonore',
  LEONORE_BLOBS: '/var/lib/leonore/blobs',
  LEONORE_NODE_ID: 'node-1',
};

test('a node builds in isolation, or not at all, unless it is told otherwise', () => {
  expect(readEnvironment(NodeConfigSchema, least).LEONORE_BUILD_ISOLATION).toBe('required');
  const told = { ...least, LEONORE_BUILD_ISOLATION: 'best' };
  expect(readEnvironment(NodeConfigSchema, told).LEONORE_BUILD_ISOLATION).toBe('best');
});
