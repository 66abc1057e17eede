/**
 * What it costs to notify: a rollout to gateways of each protocol, from the first notice to the last that arrives, beside as many plain
 * posts of the same payload; and what each of thousands of held connections and of sessions takes of a node's memory.
 */
import { Agent, request } from 'undici';
import type { DeviceClient } from '../../agent/connectivity/http/device-client.js';
import type { Stack } from '../../stack/start-stack.js';
import { LeonoreApi } from '../api.js';
import { usageOf } from '../process-usage.js';
import { until } from '../until.js';
import { atMost, fact, type Figure } from './figure.js';
import {
  coapPushClients,
  heldClients,
  httpPushClients,
  mqttClients,
  type NoticeClients,
  type NoticedGateway,
  type Told,
} from './notice-clients.js';

const few = 1_000;
const many = 5_000;
/** As many as a node notifies at once. */
const concurrency = 64;
const noticeTimeoutMs = 120_000;
const goalMs = 2_000;

interface Surroundings {
  readonly stack: Stack;
  readonly client: DeviceClient;
  /** Pid of the node. */
  readonly node: number;
}

/** When gateways were told, each the first time. */
class Arrivals {
  private readonly known = new Set<string>();
  private firstMs = 0;
  private lastMs = 0;

  readonly told: Told = (id) => {
    if (this.known.has(id)) return;
    this.lastMs = performance.now();
    if (this.known.size === 0) this.firstMs = this.lastMs;
    this.known.add(id);
  };

  get count(): number {
    return this.known.size;
  }

  /** From the first to the last. */
  get spreadMs(): number {
    return this.lastMs - this.firstMs;
  }
}

export async function noticeFigures(surroundings: Surroundings): Promise<Figure[]> {
  const plain = await plainPosts();
  const figures = [
    fact('notices_plain', plain, 'ms', `${few} posts of the same payload, ${concurrency} at once`),
  ];
  const kinds = {
    http_push: httpPushClients,
    held: heldClients,
    coap_push: coapPushClients,
    mqtt: mqttClients,
  } as const;
  for (const [name, clients] of Object.entries(kinds)) {
    const { spreadMs } = await notified(surroundings, `few-${name.replace('_', '-')}`, few, clients);
    figures.push(
      fact(`notices_${name}`, spreadMs, 'ms', `${few} gateways of one rollout, from the first to the last`),
      fact(`notices_${name}_ratio`, spreadMs / plain, 'ratio', 'over the plain posts'),
    );
  }
  for (const [name, clients] of [
    ['held', heldClients],
    ['mqtt', mqttClients],
  ] as const) {
    const { spreadMs, bytesEach } = await notified(surroundings, `many-${name}`, many, clients);
    figures.push(
      fact(`${name}_memory`, bytesEach / 1024, 'KiB', `of the node, for each of ${many} that are connected`),
      atMost(goalMs, `${name}_notices`, spreadMs, 'ms', `${many} gateways of one rollout, first to last`),
    );
  }
  return figures;
}

/** What a post costs without LEONORE. @returns milliseconds from the first that arrives to the last */
async function plainPosts(): Promise<number> {
  const arrivals = new Arrivals();
  const clients = await httpPushClients(arrivals.told);
  const dispatcher = new Agent({ connections: concurrency });
  const post = async (id: string): Promise<void> => {
    const { body } = await request(clients.pushAddress(id) ?? '', {
      ...{ method: 'POST', dispatcher, headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ reason: 'task' }),
    });
    await body.dump();
  };
  await inParallel(idsOf('plain', few), post);
  await dispatcher.destroy();
  await clients.close();
  return arrivals.spreadMs;
}

/** Registers gateways, has them join, and rolls something out to them. */
async function notified(
  { stack, client, node }: Surroundings,
  prefix: string,
  count: number,
  open: (told: Told) => NoticeClients | Promise<NoticeClients>,
): Promise<{ spreadMs: number; bytesEach: number }> {
  const arrivals = new Arrivals();
  const clients = await open(arrivals.told);
  try {
    const gateways: NoticedGateway[] = [];
    await inParallel(idsOf(prefix, count), async (id) => {
      gateways.push(await registered(client, stack.enrolmentToken, id, clients));
    });
    const before = usageOf(node).memoryBytes;
    await inParallel(gateways, (gateway) => clients.join(gateway));
    const bytesEach = (usageOf(node).memoryBytes - before) / count;
    const api = new LeonoreApi(stack.api, stack.adminToken);
    await api.createDeployment({ name: prefix, gatewayIds: gateways.map(({ id }) => id) });
    await api.startRollout({ requests: ['noise@1'], deployment: prefix });
    await until(() => arrivals.count === count, noticeTimeoutMs, `${count} gateways are notified`);
    return { spreadMs: arrivals.spreadMs, bytesEach };
  } finally {
    await clients.close();
  }
}

async function registered(
  client: DeviceClient,
  token: string,
  id: string,
  { protocols, pushAddress }: NoticeClients,
): Promise<NoticedGateway> {
  const profile = {
    ...{ id, hardware: { arch: 'armv7' }, software: { os: 'linux' } },
    ...{ strategies: ['push', 'pull'], protocols: [...protocols] },
  };
  const address = pushAddress(id);
  const answer = await client.register(
    { profile, ...(address === undefined ? {} : { pushAddress: address }) },
    { token, key: undefined },
  );
  if (answer.token === undefined || answer.protocol !== protocols[0])
    throw new Error(`${id} is not spoken to as it asked`);
  return { id, token: answer.token, node: answer.node.address, endpoints: answer.endpoints ?? [] };
}

function idsOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_none, index) => `${prefix}-${index}`);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
