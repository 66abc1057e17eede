import { setTimeout as delay } from 'node:timers/promises';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { TemporalSecurity } from '../composition/temporal-security.js';
import type { Lifecycle } from '../process/lifecycle.js';

const firstDelayMs = 250;
const maximumDelayMs = 5_000;

/** Sends the SDK's own log through ours. */
export function installTemporalLogger(logger: Logger): void {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) =>
      logger[levels[level]](meta ?? {}, message),
    ),
    telemetryOptions: { logging: { forward: {}, filter: 'temporal_sdk_core=ERROR,temporal_client=ERROR' } },
  });
}

/** Connects to Temporal, waiting as long as it is away: the order in which processes start does not matter. */
export async function connectTemporal(
  address: string,
  logger: Logger,
  lifecycle: Lifecycle,
  security: TemporalSecurity,
): Promise<NativeConnection> {
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maximumDelayMs)) {
    try {
      return await NativeConnection.connect({ address, ...security });
    } catch (error) {
      if (lifecycle.isEnding) throw error;
      logger.warn({ address }, 'Temporal is away; trying again');
      await delay(delayMs * (0.5 + Math.random()));
    }
  }
}
