import { readFile } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { Agent, request } from 'undici';
import type { LaunchedNode, NodeLauncher } from '../../activities/node-launcher.js';
import { LeonoreError } from '../../domain/errors.js';
import { withinTime } from '../../process/within-time.js';

export interface KubernetesLauncherOptions {
  /** URL of the API server. */
  readonly server: string;
  /** Files with the token (which is renewed from time to time) and the API server's certificate authority. */
  readonly tokenFile: string;
  readonly caFile: string | null;
  readonly namespace: string;
  /** The StatefulSet whose pods are the nodes: pod `<name>-<ordinal>` is the node of that id. */
  readonly statefulSet: string;
}

/** Where Kubernetes puts what a pod needs to talk to the API server. */
export const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Somebody else may scale at the same moment; then what was read is out of date, and is read again. */
const maximumConflicts = 5;
const timeoutMs = 15_000;

/** What is read of `autoscaling/v1 Scale`; the rest is sent back as it came. */
const ScaleSchema = Type.Object({
  metadata: Type.Object({ resourceVersion: Type.String() }),
  spec: Type.Object({ replicas: Type.Optional(Type.Integer({ minimum: 0 })) }),
});
type Scale = Static<typeof ScaleSchema>;

/**
 * Nodes as the pods of a StatefulSet, which is scaled through the API server. Ordinals have no gaps, so a node can be
 * launched only as the next one, and ended only as the last one. Needs `get` and `update` on `statefulsets/scale`.
 */
export class KubernetesLauncher implements NodeLauncher {
  constructor(private readonly options: KubernetesLauncherOptions) {}

  async launch({ id }: LaunchedNode, signal: AbortSignal): Promise<void> {
    const ordinal = this.ordinalOf(id);
    await this.scale(signal, (replicas) => {
      if (replicas > ordinal) return null;
      if (replicas === ordinal) return ordinal + 1;
      throw failure(`${this.options.statefulSet} has ${replicas} replicas, so the next node is not ${id}`);
    });
  }

  async destroy(nodeId: string, signal: AbortSignal): Promise<boolean> {
    const ordinal = this.ordinalOf(nodeId);
    let isGone = true;
    await this.scale(signal, (replicas) => {
      isGone = replicas <= ordinal + 1;
      return replicas === ordinal + 1 ? ordinal : null;
    });
    return isGone;
  }

  /** @param wanted told how many replicas there are; says how many there are to be, or null when nothing is to change */
  private async scale(signal: AbortSignal, wanted: (replicas: number) => number | null): Promise<void> {
    for (let conflicts = 0; ; conflicts += 1) {
      const scale = await this.call('GET', null, signal);
      if (scale === 'conflict') throw failure('the API server answered a read with a conflict');
      const replicas = wanted(scale.spec.replicas ?? 0);
      if (replicas === null) return;
      // With the version that was read: two who scale at once cannot both believe that they did.
      const changed = await this.call('PUT', { ...scale, spec: { ...scale.spec, replicas } }, signal);
      if (changed !== 'conflict') return;
      if (conflicts === maximumConflicts) throw failure('somebody else keeps scaling the StatefulSet');
    }
  }

  private async call(
    method: 'GET' | 'PUT',
    body: Scale | null,
    signal: AbortSignal,
  ): Promise<Scale | 'conflict'> {
    const { server, namespace, statefulSet, tokenFile, caFile } = this.options;
    const url = `${server}/apis/apps/v1/namespaces/${namespace}/statefulsets/${statefulSet}/scale`;
    const dispatcher = new Agent(caFile === null ? {} : { connect: { ca: await readFile(caFile, 'utf8') } });
    try {
      const authorization = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`;
      const { statusCode, text } = await withinTime(timeoutMs, signal, async (limit) => {
        const answer = await request(url, {
          method,
          dispatcher,
          signal: limit,
          headers: {
            authorization,
            accept: 'application/json',
            ...(body === null ? {} : { 'content-type': 'application/json' }),
          },
          body: body === null ? null : JSON.stringify(body),
        });
        return { statusCode: answer.statusCode, text: await answer.body.text() };
      });
      if (statusCode === 409) return 'conflict';
      if (statusCode !== 200) throw failure(`HTTP ${statusCode}: ${text.slice(0, 500)}`);
      const scale: unknown = JSON.parse(text);
      if (!Value.Check(ScaleSchema, scale)) throw failure(`no Scale: ${text.slice(0, 500)}`);
      return scale;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LeonoreError) throw error;
      throw failure(error instanceof Error ? error.message : String(error), { cause: error });
    } finally {
      await dispatcher.close();
    }
  }

  private ordinalOf(nodeId: string): number {
    const { statefulSet } = this.options;
    const ordinal = nodeId.startsWith(`${statefulSet}-`) ? nodeId.slice(statefulSet.length + 1) : '';
    if (!/^\d+$/.test(ordinal)) throw failure(`"${nodeId}" is no pod of the StatefulSet ${statefulSet}`);
    return Number(ordinal);
  }
}

function failure(reason: string, options?: ErrorOptions): LeonoreError {
  return new LeonoreError('LAUNCH_FAILED', `Kubernetes: ${reason}`, {}, options);
}
