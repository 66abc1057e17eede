import { LeonoreError } from '../errors.js';
import { limits } from '../limits.js';
import { parseSelector, type Selector, type SelectorNode } from '../selector/selector.js';

/** The gateways that a principal has to do with: the whole fleet, or those that any of some selectors matches. */
export type Scope = 'fleet' | readonly [string, ...string[]];

/** The fact that a scope is about; no selector that people write elsewhere can name it. */
export const operatorLabels = 'operatorLabels';

/**
 * Reads a scope: a selector over labels alone. They are the operator's, also where a gateway may report labels itself:
 * no device chooses who may see it.
 * @throws LeonoreError MALFORMED_INPUT
 */
export function parseScope(text: string): Selector {
  if (text.length > limits.scopeLength)
    throw new LeonoreError('MALFORMED_INPUT', `a scope has at most ${limits.scopeLength} characters`);
  return { text, root: overOperatorLabels(parseSelector(text).root) };
}

function overOperatorLabels(node: SelectorNode): SelectorNode {
  switch (node.type) {
    case 'or':
    case 'and':
      return { ...node, parts: node.parts.map(overOperatorLabels) };
    case 'not':
      return { ...node, part: overOperatorLabels(node.part) };
    case 'holds':
    case 'compare':
    case 'in':
      if (node.path.name !== 'labels')
        throw new LeonoreError('MALFORMED_INPUT', `a scope is about labels, not about ${node.path.name}`);
      return { ...node, path: { name: operatorLabels, key: node.path.key } };
  }
}
