import { readFileSync } from 'node:fs';
import type { TLSConfig } from '@temporalio/client';
import { LeonoreError } from '../domain/errors.js';

/** What of a process's configuration says how Temporal is spoken to; see commonConfig. */
export interface TemporalSecurityConfig {
  readonly TEMPORAL_TLS: boolean;
  readonly TEMPORAL_TLS_CA?: string;
  readonly TEMPORAL_TLS_CERT?: string;
  readonly TEMPORAL_TLS_KEY?: string;
  readonly TEMPORAL_API_KEY?: string;
}

/** As the options of a connection of the SDK, a client's or a worker's. */
export interface TemporalSecurity {
  readonly tls?: TLSConfig;
  readonly apiKey?: string;
}

/**
 * How Temporal is spoken to. An API key is never sent in the clear: it implies TLS.
 * @returns nothing when TLS was not asked for
 * @throws LeonoreError MALFORMED_INPUT when certificate and key were not both given, or a file cannot be read
 */
export function temporalSecurity(config: TemporalSecurityConfig): TemporalSecurity {
  const { TEMPORAL_TLS_CA: ca, TEMPORAL_TLS_CERT: cert, TEMPORAL_TLS_KEY: key } = config;
  const { TEMPORAL_API_KEY: apiKey } = config;
  if ((cert === undefined) !== (key === undefined)) {
    throw new LeonoreError(
      'MALFORMED_INPUT',
      'configuration: TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY go together',
    );
  }
  const isPlain = [ca, cert, apiKey].every((one) => one === undefined) && !config.TEMPORAL_TLS;
  if (isPlain) return {};
  return {
    tls: {
      ...(ca === undefined ? {} : { serverRootCACertificate: read('TEMPORAL_TLS_CA', ca) }),
      ...(cert === undefined || key === undefined
        ? {}
        : {
            clientCertPair: { crt: read('TEMPORAL_TLS_CERT', cert), key: read('TEMPORAL_TLS_KEY', key) },
          }),
    },
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

function read(name: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new LeonoreError('MALFORMED_INPUT', `configuration: ${name} cannot be read`, {}, { cause: error });
  }
}
