import { expect, test } from '@jest/globals';
import { RouteTable } from './route-table.js';

const table = new RouteTable();
table.add('GET', '/things');
table.add(['POST', 'PUT'], '/things');
table.add('DELETE', '/things/:id');
table.add('GET', '/things/all');
table.add('GET', '/others/:number(^[0-9]+$)');
table.add('POST', '/others/all');

test.each([
  ['/things', ['GET', 'POST', 'PUT']],
  ['/things?limit=1#here', ['GET', 'POST', 'PUT']],
  ['/things/7', ['DELETE']],
  ['/things/all', ['DELETE', 'GET']],
  ['/others/7', ['GET']],
  ['/others/all', ['POST']],
  ['/others/', []],
  ['/things/', []],
  ['/thing', []],
  ['/things/7/8', []],
  ['', []],
])('%s', (url, methods) => {
  expect(table.methodsAt(url)).toEqual(methods);
});
