/** Gateways with one of the agents, for tests of a whole stack. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { startAgent } from '../../agent/start-agent.js';
import { shortTimes } from '../../agent/testing/test-agent.js';
import { gatewayDirectory, makeBusyBoxRoot } from '../../testbed/busybox/busybox-root.js';
import { BusyBoxAgent, busybox } from './busybox-bed.js';
import type { InProcessStack } from './in-process-stack.js';
import { testTokens } from './test-api.js';

export interface RealGateway {
  /** Where the agent keeps all that it has; `container` is below it. */
  readonly root: string;
  end(): Promise<unknown>;
}

type Where = Pick<InProcessStack, 'api' | 'directory'>;

/** @param mac of the gateway; no two have the same */
export async function startTypeScriptGateway(
  { api, directory }: Where,
  id: string,
  mac = '02:00:00:00:00:01',
): Promise<RealGateway> {
  const root = join(directory, id);
  const agent = await startAgent({
    server: api.address,
    root,
    enrolmentToken: testTokens.enrolment,
    id,
    mac,
    intervalSeconds: 1,
    times: shortTimes,
  });
  return { root, end: () => agent.close() };
}

/** In a root directory with BusyBox and nothing else, where there is one (`busybox` is not empty). */
export async function startBusyBoxGateway({ api, directory }: Where, id: string): Promise<RealGateway> {
  const root = await makeBusyBoxRoot(join(directory, id), busybox);
  const agent = new BusyBoxAgent(
    spawn(root.command, [...root.args, '/leonore-agent.sh'], {
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        LEONORE_SERVER: api.address,
        LEONORE_ROOT_DIR: `/${gatewayDirectory}`,
        LEONORE_ENROLMENT_TOKEN: testTokens.enrolment,
        LEONORE_ID: id,
        LEONORE_INTERVAL: '1',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  return { root: join(root.directory, gatewayDirectory), end: () => agent.end('SIGTERM') };
}
