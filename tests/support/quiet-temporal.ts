import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Keeps the SDK's own log out of the tests' output; errors still come through. Call before the first worker. */
export function quietTemporal(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: 'temporal_sdk_core=ERROR,temporal_client=ERROR' } },
  });
}
