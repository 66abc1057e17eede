import { IllegalStateError } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Keeps the SDK's own log out of the tests' output; errors still come through. Call before the first worker. */
export function quietTemporal(): void {
  try {
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { forward: {}, filter: 'temporal_sdk_core=ERROR,temporal_client=ERROR' } },
    });
  } catch (error) {
    // The SDK has one runtime for a process: another file that this worker tests has installed it.
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
