import { readFileSync } from 'node:fs';
import type { Static } from 'typebox';
import type { NodeLauncher } from '../../activities/node-launcher.js';
import { LeonoreError } from '../../domain/errors.js';
import type { NodeNames } from '../../repositories/pool-repository.js';
import type { CoordinatorConfigSchema } from '../config.js';
import { CommandLauncher } from './command-launcher.js';
import { KubernetesLauncher, serviceAccount } from './kubernetes-launcher.js';
import { ProcessLauncher } from './process-launcher.js';

export interface ConfiguredLauncher {
  readonly launcher: NodeLauncher;
  /** How the nodes are called that it launches. */
  readonly names: NodeNames;
}

/**
 * The launcher that is configured; a further one is a case more.
 * @throws LeonoreError MALFORMED_INPUT naming the variable that it lacks
 */
export function createLauncher(
  config: Static<typeof CoordinatorConfigSchema>,
  environment: NodeJS.ProcessEnv = process.env,
): ConfiguredLauncher {
  const names = { prefix: 'node-', first: 1 };
  switch (config.LEONORE_LAUNCHER) {
    case 'process':
      return { launcher: new ProcessLauncher(), names };
    case 'command': {
      const launch = needed(config.LEONORE_LAUNCH_COMMAND, 'LEONORE_LAUNCH_COMMAND');
      return {
        launcher: new CommandLauncher({ launch, destroy: config.LEONORE_DESTROY_COMMAND ?? null }),
        names,
      };
    }
    case 'kubernetes': {
      const statefulSet = needed(config.LEONORE_STATEFULSET, 'LEONORE_STATEFULSET');
      const host = needed(environment['KUBERNETES_SERVICE_HOST'], 'KUBERNETES_SERVICE_HOST');
      const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
      const launcher = new KubernetesLauncher({
        server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
        tokenFile: `${serviceAccount}/token`,
        caFile: `${serviceAccount}/ca.crt`,
        namespace: config.LEONORE_NAMESPACE ?? readFileSync(`${serviceAccount}/namespace`, 'utf8').trim(),
        statefulSet,
      });
      return { launcher, names: { prefix: `${statefulSet}-`, first: 0 } };
    }
  }
}

function needed(value: string | undefined, variable: string): string {
  if (value !== undefined && value !== '') return value;
  throw new LeonoreError('MALFORMED_INPUT', `configuration: ${variable} is missing; the launcher needs it`);
}
