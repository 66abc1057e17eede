/**
 * Life of a process of virtual gateways. With an IPC channel it sends FleetMessages, follows FleetCommands, and
 * stops when the parent is gone; without one it prints its progress and stops on SIGINT or SIGTERM.
 */
import type { FleetArguments } from './command.js';
import { startVirtualGateways, type VirtualGatewayFleet } from './fleet.js';
import type { FleetCommand, FleetMessage } from './messages.js';
import { populations } from './population.js';

const progressEveryMs = 500;

/** Starts the gateways; they go on until the process is told to stop. */
export async function runFleet(given: FleetArguments): Promise<void> {
  let fleet: VirtualGatewayFleet | null = null;
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void (fleet?.stop() ?? Promise.resolve()).finally(() => process.exit());
  };
  process.on('SIGINT', stop).on('SIGTERM', stop).on('disconnect', stop);
  process.on('message', (command: FleetCommand) => {
    if (command.type === 'stop' || fleet === null) stop();
    else void follow(fleet, command, given).catch(fail);
  });
  try {
    fleet = await startVirtualGateways({
      server: given.server,
      enrolmentToken: given.enrolmentToken,
      count: given.count,
      prefix: given.prefix,
      seed: given.seed,
      strategy: given.strategy,
      kinds: populations[given.population],
      labels: given.label,
      intervalSeconds: given.interval ?? null,
      failureRate: given.failureRate,
      silentRate: given.silentRate,
      thinkTimeMs: given.thinkTime,
      reports: given.reports,
      level: given.level,
      directory: given.directory ?? null,
      latencyMs: given.latency,
      bytesPerSecond: given.bandwidth ?? null,
      concurrency: given.concurrency,
      onRegistering: (progress) => tell({ type: 'registering', progress }),
    });
  } catch (error) {
    fail(error);
    return;
  }
  const running = fleet;
  tell({ type: 'ready', level: given.level, progress: running.snapshot() });
  setInterval(() => tell({ type: 'progress', progress: running.snapshot() }), progressEveryMs);
}

async function follow(
  fleet: VirtualGatewayFleet,
  command: Exclude<FleetCommand, { type: 'stop' }>,
  { level }: FleetArguments,
): Promise<void> {
  switch (command.type) {
    case 'add':
      await fleet.add(command.count);
      tell({ type: 'ready', level, progress: fleet.snapshot() });
      return;
    case 'fetch':
      tell({ type: 'fetched', endedAtMs: await fleet.fetch(command.from) });
      return;
    case 'takeLatencies':
      tell({ type: 'latencies', counts: fleet.takeLatencies() });
      return;
    case 'empty':
      await fleet.empty();
      tell({ type: 'emptied' });
      return;
  }
}

function fail(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  tell({ type: 'failed', error: text });
  console.error(`virtual gateways: ${text}`);
  process.exitCode = 1;
  if (process.connected) process.disconnect();
}

function tell(message: FleetMessage): void {
  if (process.send !== undefined) {
    if (process.connected) process.send(message);
  } else {
    console.log(JSON.stringify(message));
  }
}
