/**
 * `npm run bench:connectivity [-- --json]`: what protocols cost beside their floors and beside HTTP, with one node and clients in this
 * process. A package of 120 KB by CoAP, in turns with as many datagrams of the same size sent back and forth by a bare socket;
 * polls that bring nothing new by HTTP and by CoAP, in turns, as fast as they are answered; notices by each protocol
 * (notice-figures.ts); and a rollout to devices with a client of hawkBit's beside one to our agents (client-figures.ts).
 */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once, setMaxListeners } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Command } from 'commander';
import { Agent } from 'undici';
import { Backoff } from '../../agent/connectivity/backoff.js';
import { CoapClient } from '../../agent/connectivity/coap/coap-client.js';
import { download } from '../../agent/connectivity/coap/download.js';
import { transfer } from '../../agent/connectivity/coap/transfer.js';
import { DeviceClient } from '../../agent/connectivity/http/device-client.js';
import { DigestSink } from '../../agent/connectivity/http/download.js';
import { blockBytes } from '../../domain/agent-protocol/coap-message.js';
import { devicePaths, type RegisterResponse } from '../../domain/agent-protocol/messages.js';
import { plainTokenOf } from '../../trust/plain-token.js';
import type { Stack } from '../../stack/start-stack.js';
import { LeonoreApi } from '../api.js';
import { Cleanups } from '../cleanups.js';
import { machineFacts } from '../machine.js';
import { usageOf } from '../process-usage.js';
import { startTemporaryStack } from '../temporary-stack.js';
import { clientFigures } from './client-figures.js';
import { atMost, fact, toJsonLine, toTable, type Figure } from './figure.js';
import { machineFigures } from './measurement.js';
import { noticeFigures } from './notice-figures.js';
import { median } from './timed.js';

const packageBytes = 120 * 1024;
const rounds = 15;
/** The first of each kind fills caches and compiles code. */
const warmUps = 3;
/** Polls of one gateway are few within ten seconds, as its budget has it. */
const gateways = 1_000;
const pollSeconds = 5;
const pollRounds = 3;
const concurrency = 64;
const sockets = 16;
/** Processor time of a node for a poll that brings nothing: 3,000 a second on one core. */
const mostPollMs = 1_000 / 3_000;
const { signal } = new AbortController();
// Each question listens for its end.
setMaxListeners(0, signal);

interface Registered {
  readonly id: string;
  readonly token: string;
  readonly nodeAddress: string;
  readonly coapAddress: string;
}

async function register(client: DeviceClient, enrolmentToken: string, id: string): Promise<Registered> {
  const profile = {
    ...{ id, hardware: { arch: 'armv7' }, software: { os: 'linux' } },
    ...{ strategies: ['pull'], protocols: ['coap', 'http'] },
  };
  const answer: RegisterResponse = await client.register(
    { profile },
    { token: enrolmentToken, key: undefined },
  );
  const endpoint = answer.endpoints?.find(({ protocol }) => protocol === 'coap');
  if (answer.token === undefined || endpoint === undefined) throw new Error('the node does not speak CoAP');
  return { id, token: answer.token, nodeAddress: answer.node.address, coapAddress: endpoint.address };
}

/** Offers one gateway a package. @returns what it is to fetch */
async function offered(
  stack: Stack,
  directory: string,
  client: DeviceClient,
  gateway: Registered,
): Promise<{ digest: string; sizeBytes: number }> {
  const api = new LeonoreApi(stack.api, stack.adminToken);
  const artifact = join(directory, 'noise-1.0.0');
  await mkdir(artifact);
  const manifest = { name: 'noise', version: '1.0.0', kind: 'library' };
  await writeFile(join(artifact, 'artifact.yaml'), JSON.stringify(manifest));
  await writeFile(join(artifact, 'noise'), randomBytes(packageBytes));
  await api.addArtifact(artifact);
  await api.createDeployment({ name: 'one', gatewayIds: [gateway.id] });
  await api.startRollout({ requests: ['noise@1'], deployment: 'one' });
  for (;;) {
    const answer = await client.pollTasks(gateway);
    const [task] = answer.changed ? answer.response.tasks : [];
    if (task !== undefined) return task.package;
    await sleep(100);
  }
}

async function transferFigures(
  gateway: Registered,
  wanted: { readonly digest: string; readonly sizeBytes: number },
): Promise<Figure[]> {
  const client = await CoapClient.open(gateway.coapAddress, { timeoutMs: 30_000 });
  const query = { token: plainTokenOf(gateway.token) };
  const floor = await udpFloor();
  const blocks = Math.ceil(wanted.sizeBytes / blockBytes);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = -warmUps; round < rounds; round += 1) {
    const beganMs = performance.now();
    const backoff = new Backoff({ firstMs: 10, mostMs: 100 });
    await download({ client, query, wanted, sink: new DigestSink(), backoff, signal });
    const betweenMs = performance.now();
    for (let block = 0; block < blocks; block += 1) await floor.exchange();
    if (round < 0) continue;
    ours.push(betweenMs - beganMs);
    theirs.push(performance.now() - betweenMs);
  }
  await client.close();
  await floor.close();
  const how = `${blocks} blocks of ${blockBytes} bytes, one after the other; median of ${rounds}, in turns`;
  return [
    fact('coap_transfer', median(ours), 'ms', `${wanted.sizeBytes} bytes: ${how}`),
    fact('coap_floor', median(theirs), 'ms', `bare datagrams of the same sizes: ${how}`),
    fact('coap_transfer_ratio', median(ours) / median(theirs), 'ratio', 'the first over the second'),
  ];
}

/** A bare exchange of a request's bytes for a block's, with another thread. */
async function udpFloor(): Promise<{ exchange(): Promise<void>; close(): Promise<void> }> {
  const worker = new Worker(new URL('./udp-floor.js', import.meta.url));
  const [port] = (await once(worker, 'message')) as [number];
  const socket: Socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const request = randomBytes(220);
  return {
    async exchange() {
      const answer = once(socket, 'message');
      socket.send(request);
      await answer;
    },
    async close() {
      socket.close();
      await worker.terminate();
    },
  };
}

/** Asks as fast as it is answered. @returns polls a second, and milliseconds of the node's processor for one */
async function pollingOf(
  poll: (index: number) => Promise<void>,
  node: number,
): Promise<{ rate: number; cpuMs: number }> {
  const untilMs = performance.now() + pollSeconds * 1_000;
  const cpuBefore = usageOf(node).cpuSeconds;
  let polls = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < untilMs) {
        polls += 1;
        await poll(polls);
      }
    }),
  );
  const cpuSeconds = usageOf(node).cpuSeconds - cpuBefore;
  return { rate: polls / pollSeconds, cpuMs: (cpuSeconds * 1_000) / polls };
}

/** Pid of the node. */
function nodeOf(stack: Stack): number {
  const [name = ''] = stack.parts().filter((part) => part.startsWith('node'));
  const pid = stack.pid(name);
  if (pid === undefined) throw new Error('there is a node');
  return pid;
}

async function pollFigures(
  stack: Stack,
  fleet: readonly Registered[],
  http: DeviceClient,
): Promise<Figure[]> {
  const node = nodeOf(stack);
  const [first] = fleet;
  if (first === undefined) throw new Error('there is a fleet');
  const clients = await Promise.all(
    Array.from({ length: sockets }, () => CoapClient.open(first.coapAddress, { timeoutMs: 30_000 })),
  );
  const askedBy = (index: number): [CoapClient, Registered] => {
    const [client, gateway] = [clients[index % sockets], fleet[index % fleet.length]];
    if (client === undefined || gateway === undefined) throw new Error('there are clients and a fleet');
    return [client, gateway];
  };
  const byHttp = async (index: number): Promise<void> => {
    await http.pollTasks(askedBy(index)[1], 'W/"nothing"');
  };
  const known = await askTasks(...askedBy(0));
  const byCoap = async (index: number): Promise<void> => {
    await askTasks(...askedBy(index), known);
  };
  // Each gateway is looked up once; from then on the node knows it.
  for (let index = 0; index < fleet.length; index += 1) await byCoap(index);
  const results = {
    http: [] as number[],
    coap: [] as number[],
    httpMs: [] as number[],
    coapMs: [] as number[],
  };
  for (let round = 0; round < pollRounds; round += 1) {
    const [overHttp, overCoap] = [await pollingOf(byHttp, node), await pollingOf(byCoap, node)];
    results.http.push(overHttp.rate);
    results.httpMs.push(overHttp.cpuMs);
    results.coap.push(overCoap.rate);
    results.coapMs.push(overCoap.cpuMs);
  }
  for (const client of clients) await client.close();
  const how = `${gateways} gateways with nothing to do, ${concurrency} at once, ${pollSeconds} s; median of ${pollRounds}, in turns; the clients share the processors`;
  return [
    fact('http_polls', median(results.http), 'polls/s', how),
    fact('coap_polls', median(results.coap), 'polls/s', how),
    atMost(
      mostPollMs,
      'http_poll_cpu',
      median(results.httpMs),
      'ms',
      "of the node's processor, for one poll",
    ),
    atMost(
      mostPollMs,
      'coap_poll_cpu',
      median(results.coapMs),
      'ms',
      "of the node's processor, for one poll",
    ),
  ];
}

/** @returns the tag of the answer */
async function askTasks(
  client: CoapClient,
  { token }: Registered,
  etag?: Buffer,
): Promise<Buffer | undefined> {
  const query = { token: plainTokenOf(token) };
  const known = etag === undefined ? {} : { etag };
  const wanted = { method: 'GET', path: devicePaths.tasks, query, mostBytes: 1_000, ...known } as const;
  const answer = await transfer(client, wanted, signal);
  if (!answer.code.startsWith('2.')) throw new Error(`a poll was answered by ${answer.code}`);
  return answer.etag;
}

async function run(options: { readonly json?: true }): Promise<void> {
  const cleanups = new Cleanups();
  cleanups.listenToSignals();
  const dispatcher = new Agent({ connections: concurrency });
  try {
    const { stack, directory } = await startTemporaryStack(cleanups, {
      nodes: 1,
      threshold: 100_000,
      onProgress: () => undefined,
      // All of the fleet has one address.
      env: {
        ...{ LEONORE_COAP_PORT: '0', LEONORE_MQTT_PORT: '0', LEONORE_HAWKBIT_PORT: '0' },
        ...{ LEONORE_HAWKBIT_POLL_SECONDS: '1', LEONORE_ADDRESS_BUDGET: '100000000' },
      },
    });
    const client = new DeviceClient({ registrationAddress: stack.api, dispatcher });
    const fleet: Registered[] = [];
    for (let index = 0; index < gateways; index += 1)
      fleet.push(await register(client, stack.enrolmentToken, `gw-${index}`));
    const [first] = fleet;
    if (first === undefined) throw new Error('there is a fleet');
    const wanted = await offered(stack, directory, client, first);
    const figures = [
      ...(await transferFigures(first, wanted)),
      ...(await pollFigures(stack, fleet.slice(1), client)),
      ...(await noticeFigures({ stack, client, node: nodeOf(stack) })),
      ...(await clientFigures({ stack, directory })),
      ...machineFigures(machineFacts()),
    ];
    console.log(options.json === true ? figures.map(toJsonLine).join('\n') : toTable(figures));
  } finally {
    await dispatcher.destroy();
    await cleanups.undoAll();
  }
}

await new Command('bench:connectivity').option('--json', 'one JSON object a line').action(run).parseAsync();
