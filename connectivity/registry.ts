import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { LeonoreError } from '../domain/errors.js';
import { EndpointSchema } from '../domain/gateway/endpoint.js';
import type { GatewayHandler, Protocol, ProtocolOptions } from './gateway-handler.js';
import { coap } from './coap/coap-handler.js';
import { hawkbit } from './hawkbit/hawkbit-handler.js';
import { http } from './http/http-handler.js';
import { mender } from './mender/mender-handler.js';
import { mqtt } from './mqtt/mqtt-handler.js';

/** Every protocol that LEONORE speaks by itself, in its order of preference; a further one is one more line here. */
const own: readonly Protocol[] = [http, mqtt, coap, hawkbit, mender];

/**
 * New handlers of every protocol, those of files too.
 * @param files modules whose default export is a {@link Protocol}: absolute paths
 * @throws LeonoreError MALFORMED_INPUT when one of them is none, or speaks what another does
 */
export async function openHandlers(
  options: ProtocolOptions,
  files: readonly string[] = [],
): Promise<GatewayHandler[]> {
  const protocols = [...own, ...(await Promise.all(files.map(loadProtocol)))];
  const names = protocols.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined)
    throw new LeonoreError('MALFORMED_INPUT', `configuration: two handlers speak ${twice}`);
  return protocols.map((protocol) => protocol.open(options));
}

/** The paths of a setting: separated by commas. */
export function handlerFiles(setting: string | undefined): string[] {
  return setting?.split(',') ?? [];
}

const ProtocolSchema = Type.Object({ name: EndpointSchema.properties.protocol, open: Type.Unknown() });

async function loadProtocol(path: string): Promise<Protocol> {
  const problem = (why: string, cause?: unknown): LeonoreError =>
    new LeonoreError('MALFORMED_INPUT', `configuration: LEONORE_HANDLERS: ${path} ${why}`, {}, { cause });
  if (!isAbsolute(path)) throw problem('is not an absolute path');
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown };
  } catch (error) {
    throw problem('cannot be loaded', error);
  }
  const protocol = module.default;
  if (!Value.Check(ProtocolSchema, protocol) || typeof protocol.open !== 'function')
    throw problem('has no handler as its default export');
  return protocol as Protocol;
}
