/** The server processes of the floor. */
import { once } from 'node:events';
import { join } from 'node:path';
import { BoundedLog } from '../../stack/bounded-log.js';
import { describeExit, spawnGuarded, type GuardedProcess } from '../../stack/guarded-process.js';

const graceMs = 2_000;

export class FloorServers {
  private constructor(
    private readonly processes: readonly GuardedProcess[],
    private readonly log: BoundedLog,
    readonly addresses: readonly string[],
  ) {}

  /** @param file what they serve, under `digest` */
  static async start(count: number, file: string, digest: string, logPath: string): Promise<FloorServers> {
    const log = new BoundedLog(logPath);
    const processes: GuardedProcess[] = [];
    const addresses: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const guarded = await spawnGuarded({
        command: process.execPath,
        args: [join(import.meta.dirname, 'main.js'), file, digest],
        env: process.env,
        log,
        ipc: true,
        orphan: { signal: 'TERM', graceMs },
      });
      processes.push(guarded);
      addresses.push(await addressOf(guarded, log));
    }
    return new FloorServers(processes, log, addresses);
  }

  /** Pid by name, for measuring. */
  get pids(): Record<string, number> {
    return Object.fromEntries(this.processes.map(({ pid }, index) => [`floor-${index + 1}`, pid]));
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((guarded) => guarded.end('SIGTERM', graceMs)));
    this.log.close();
  }
}

async function addressOf(guarded: GuardedProcess, log: BoundedLog): Promise<string> {
  const ended = guarded.exited.then((exit) => {
    throw new Error(`a server of the floor ended (${describeExit(exit)}): ${log.tail()}`);
  });
  ended.catch(() => undefined);
  const [address] = (await Promise.race([once(guarded.child, 'message'), ended])) as [string];
  return address;
}
