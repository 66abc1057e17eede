import { expect, test } from '@jest/globals';
import { broughtTree } from './brought-tree.js';
import type { PlanTree } from './plan.js';

function node(name: string, action: PlanTree['action'], ...requires: PlanTree[]): PlanTree {
  return { name, version: '1.0.0', action, requires };
}

test('gateways that differ in what they have share the tree of what is brought', () => {
  const on = (tool: string): PlanTree[] => [
    node('app', 'install', node('lib', 'install', node(tool, 'fixed')), node('old', 'keep')),
  ];
  const brought = [node('app', 'install', node('lib', 'install'))];
  expect(broughtTree(on('curl'))).toEqual(brought);
  expect(broughtTree(on('busybox'))).toEqual(brought);
  expect(broughtTree([node('app', 'keep')])).toEqual([]);
});
