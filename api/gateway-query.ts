import Type, { type Static } from 'typebox';
import { namePattern } from '../domain/artifact/manifest.js';
import { gatewayConditions } from '../domain/gateway/condition.js';
import { limits } from '../domain/limits.js';
import { Text } from '../domain/text.js';
import type { GatewayFilter } from '../repositories/gateway-filter.js';

/** What may be asked of a set of gateways; in an address, where everything is a text. */
export const gatewayFilterProperties = {
  select: Type.Optional(Text(limits.selectorLength, { minLength: 1, description: 'A selector' })),
  text: Type.Optional(
    Text(200, { minLength: 1, description: 'Part of id, name, mac or a label, in whatever case' }),
  ),
  state: Type.Optional(
    Type.Enum([...gatewayConditions], {
      description: 'silent: not heard of for longer than its own pauses explain; contested: within a day',
    }),
  ),
  artifact: Type.Optional(
    Type.String({
      pattern: `${namePattern.replace(/\$$/u, '')}(@[^\\u0000-\\u001f\\ud800-\\udfff"\\\\]{1,200})?$`,
      description: 'What is installed: NAME or NAME@RANGE',
    }),
  ),
  node: Type.Optional(Text(128, { description: 'The node that serves it' })),
  protocol: Type.Optional(Text(50, { description: 'The protocol that it speaks' })),
  unwell: Type.Optional(
    // Nothing of an address is converted: there it is a text.
    Type.Enum(['true', 'false'], {
      description: 'Only those that report that something is not as it should be',
    }),
  ),
};

/** The filter that a request asks for. */
export function gatewayFilterOf(query: Static<Type.TObject<typeof gatewayFilterProperties>>): GatewayFilter {
  const { select, text, state, artifact, node, protocol, unwell } = query;
  const [name = '', range] = artifact === undefined ? [] : splitOnce(artifact);
  return {
    select,
    text,
    condition: state,
    ...(artifact === undefined ? {} : { artifact: { name, range } }),
    nodeId: node,
    protocol,
    unwell: unwell === 'true',
  };
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('@');
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
