/**
 * `npm run bench:agent [-- --json]`: what the agent costs. A package of 12 MB is installed by a real agent process,
 * and the same file is unpacked by `curl | tar` and synced, in turns; then a large one is installed, one verified, and an
 * agent left idle and counted. The agent is bundled, as devices have it. How far it is, it says on stderr.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { defaultVerifyIntervalSeconds } from '../../agent/options.js';
import { DeviceServer, enrolmentToken } from '../../agent/testing/device-server.js';
import { testPackage, testTask, type TestPackage } from '../../agent/testing/test-package.js';
import { packageRoot } from '../../process/package-root.js';
import { machineFacts } from '../machine.js';
import { ownMemoryOf, usageOf } from '../process-usage.js';
import { Phases } from '../terminal.js';
import { atMost, fact, toJsonLine, toTable, type Figure } from './figure.js';
import { machineFigures } from './measurement.js';

const MB = 1_000_000;
const MiB = 1024 * 1024;
/** Goals that are written down for the agent. */
const goals = { installRatio: 1.5, peakMiB: 120_000 / 1_024, idleMB: 45, verificationCoreShare: 0.01 };

const files = 48;
const rounds = 9;
/** The first of each kind fills caches and compiles code. */
const warmUps = 2;
const bigBytes = 100 * MB;
const verifiedBytes = 50 * MB;
const mostWaitedMs = 120_000;

const idleSeconds = 60;
/** Polls are asked for more often than gateways poll, so that a minute tells what each of them costs. */
const idlePollSeconds = 1;
/** What LEONORE tells gateways by default. */
const usualPollSeconds = 30;

const run = promisify(execFile);

/** Content that cannot be compressed, so that the archive is as large as it says. */
function packageOf(name: string, bytes: number): TestPackage {
  const noise = Object.fromEntries(
    Array.from({ length: files }, (_none, index) => [
      `directory-${index % 6}/file-${index}`,
      randomBytes(Math.floor(bytes / files)),
    ]),
  );
  return testPackage({ name, version: '1.0.0', files: noise });
}

/** In the directory of a run: the agent as one file, as devices have it. */
const agentFile = 'leonore-agent.mjs';

async function bundleAgent(directory: string): Promise<void> {
  const script = join(packageRoot(), 'scripts/bundle-agent.mjs');
  await run(process.execPath, [script, join(directory, agentFile)]);
}

/** @param name of the directory that is its root */
function startAgent(server: DeviceServer, directory: string, name: string): ChildProcess {
  const agent = spawn(
    process.execPath,
    [join(directory, agentFile), '--server', server.url, '--root', join(directory, name), '--id', 'bench'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], LEONORE_ENROLMENT_TOKEN: enrolmentToken },
    },
  );
  createInterface({ input: agent.stderr }).on('line', (line) => {
    if (!line.startsWith('info')) process.stderr.write(`agent: ${line}\n`);
  });
  return agent;
}

/** Fails when the agent ends before what is waited for has come, or when that takes longer than anything here does. */
async function whileRunning<T>(agent: ChildProcess, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const { signal } = over;
  const ended = async (): Promise<never> => {
    await once(agent, 'exit', { signal });
    throw new Error(`the agent has ended: ${String(agent.exitCode ?? agent.signalCode)}`);
  };
  const late = async (): Promise<never> => {
    await sleep(mostWaitedMs, undefined, { signal });
    throw new Error(`what the agent was asked for has not come within ${mostWaitedMs / 1_000} s`);
  };
  try {
    return await Promise.race([work, ended(), late()]);
  } finally {
    over.abort();
  }
}

/** From the answer that names the task to the arrival of the last report. */
async function installMs(
  server: DeviceServer,
  agent: ChildProcess,
  built: TestPackage,
  deliveryId: string,
): Promise<number> {
  const asked = server.countOf('GET', '/device/v1/tasks');
  server.offer(built, testTask(deliveryId, built));
  await whileRunning(
    agent,
    server.until(() => server.countOf('GET', '/device/v1/tasks') > asked),
  );
  const beganMs = performance.now();
  const report = await whileRunning(agent, server.ending(deliveryId));
  if (report.state !== 'succeeded') throw new Error(`the delivery failed: ${JSON.stringify(report.error)}`);
  return performance.now() - beganMs;
}

/** The same file, taken apart and put on the disk by the tools at hand; every file and directory is synced. */
async function unpackMs(server: DeviceServer, built: TestPackage, directory: string): Promise<number> {
  await mkdir(directory);
  const url = `${server.url}/device/v1/packages/${built.digest}`;
  const script = 'curl -sSf -H "$1" "$2" | tar -xz -C "$3" && find "$3" -print0 | xargs -0 sync';
  const beganMs = performance.now();
  await run('sh', ['-c', script, 'sh', `authorization: Bearer ${server.token}`, url, directory]);
  return performance.now() - beganMs;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const list = (values: readonly number[]): string => values.map((value) => value.toFixed(0)).join(' ');

async function installFigures(server: DeviceServer, directory: string, phases: Phases): Promise<Figure[]> {
  const agent = startAgent(server, directory, 'gateway');
  const [ours, theirs]: [number[], number[]] = [[], []];
  let bytes = 0;
  try {
    for (let round = -warmUps; round < rounds; round += 1) {
      const built = packageOf(`noise-${round + warmUps}`, 12 * MB);
      bytes = built.archive.length;
      const ms = {
        ours: await installMs(server, agent, built, `d${round}`),
        theirs: await unpackMs(server, built, join(directory, `unpacked-${round}`)),
      };
      phases.note(`round ${round}: ${ms.ours.toFixed(0)} ms, curl | tar and sync ${ms.theirs.toFixed(0)} ms`);
      if (round < 0) continue;
      ours.push(ms.ours);
      theirs.push(ms.theirs);
    }
  } finally {
    await end(agent);
  }
  return [
    fact('package_bytes', bytes, 'bytes', `${files} files that cannot be compressed`),
    fact('install_time', median(ours), 'ms', `median of ${rounds}, task to last report: ${list(ours)}`),
    fact('curl_tar_sync_time', median(theirs), 'ms', `the same file, in turns: ${list(theirs)}`),
    atMost(
      goals.installRatio,
      'install_ratio',
      median(ours) / median(theirs),
      'ratio',
      'verified, journaled, installed and reported, over merely unpacked and synced',
    ),
  ];
}

async function memoryFigures(server: DeviceServer, directory: string): Promise<Figure[]> {
  const agent = startAgent(server, directory, 'big');
  try {
    await installMs(server, agent, packageOf('big', bigBytes), 'big');
    return [
      atMost(
        goals.peakMiB,
        'peak_memory_100_mb',
        (await peakBytes(agent.pid ?? 0)) / MiB,
        'MiB',
        'VmHWM of the agent after it has installed a package of 100 MB',
      ),
    ];
  } finally {
    await end(agent);
  }
}

async function idleFigures(server: DeviceServer, directory: string): Promise<Figure[]> {
  server.pollIntervalSeconds = idlePollSeconds;
  const agent = startAgent(server, directory, 'idle');
  const pid = agent.pid ?? 0;
  try {
    const asked = server.countOf('GET', '/device/v1/tasks');
    await whileRunning(
      agent,
      server.until(() => server.countOf('GET', '/device/v1/tasks') > asked + 2),
    );
    const before = { requests: server.requests.length, bytes: server.bytes, cpu: usageOf(pid).cpuSeconds };
    await sleep(idleSeconds * 1_000);
    const requests = server.requests.length - before.requests;
    const bytes = (server.bytes - before.bytes) / requests;
    const cpu = (usageOf(pid).cpuSeconds - before.cpu) / requests;
    const hourly = 3_600 / usualPollSeconds;
    const how = `${requests} requests in ${idleSeconds} s, polling each ${idlePollSeconds} s, reckoned to each ${usualPollSeconds} s`;
    return [
      fact('idle_requests_an_hour', hourly, 'requests', 'polls; a profile is sent only when it has changed'),
      fact('idle_bytes_an_hour', bytes * hourly, 'bytes', `both ways over TCP, headers included: ${how}`),
      fact('idle_cpu_an_hour', cpu * hourly, 's', how),
      atMost(
        goals.idleMB,
        'idle_memory',
        usageOf(pid).memoryBytes / MB,
        'MB',
        'proportional set size, the pages of Node.js itself shared with the processes of this bench',
      ),
      fact('idle_own_memory', ownMemoryOf(pid) / MB, 'MB', 'what is not shared, and in no file'),
    ];
  } finally {
    await end(agent);
  }
}

/**
 * What verification costs, from above: all that an agent uses from its start, which verifies what is installed after it
 * has asked for tasks once, until it has asked three times. It verifies once an hour.
 */
async function verificationFigures(server: DeviceServer, directory: string): Promise<Figure[]> {
  const first = startAgent(server, directory, 'verified');
  try {
    await installMs(server, first, packageOf('verified', verifiedBytes), 'verified');
  } finally {
    await end(first);
  }
  const asked = server.countOf('GET', '/device/v1/tasks');
  const agent = startAgent(server, directory, 'verified');
  try {
    await whileRunning(
      agent,
      server.until(() => server.countOf('GET', '/device/v1/tasks') > asked + 2),
    );
    return [
      atMost(
        goals.verificationCoreShare,
        'verification_core_share',
        usageOf(agent.pid ?? 0).cpuSeconds / defaultVerifyIntervalSeconds,
        'cores',
        `a whole start, which verifies ${verifiedBytes / MB} MB installed, over ${defaultVerifyIntervalSeconds} s between two`,
      ),
    ];
  } finally {
    await end(agent);
  }
}

/** proc_pid_status(5): the most that was resident at any time. */
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

async function end(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const ended = once(agent, 'exit');
  agent.kill('SIGTERM');
  await ended;
}

/** A server for each gateway: it knows one key, and refuses another. */
async function onServer<T>(work: (server: DeviceServer) => Promise<T>): Promise<T> {
  const server = await DeviceServer.start();
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

async function main(): Promise<void> {
  const program = new Command('bench:agent')
    .description('what the gateway agent costs')
    .option('--json', 'one line of JSON a figure')
    .parse();
  const directory = await mkdtemp(join(tmpdir(), 'leonore-bench-'));
  const machine = machineFacts();
  const phases = new Phases((line) => process.stderr.write(`${line}\n`));
  try {
    await bundleAgent(directory);
    const figures = [
      ...machineFigures(machine),
      ...(await phases.run('packages of 12 MB, in turns with curl | tar', () =>
        onServer((server) => installFigures(server, directory, phases)),
      )),
      ...(await phases.run('a package of 100 MB', () =>
        onServer((server) => memoryFigures(server, directory)),
      )),
      ...(await phases.run('50 MB verified', () =>
        onServer((server) => verificationFigures(server, directory)),
      )),
      ...(await phases.run(`idle for ${idleSeconds} s`, () =>
        onServer((server) => idleFigures(server, directory)),
      )),
    ];
    const json = program.opts<{ json?: true }>().json === true;
    process.stdout.write(`${json ? figures.map(toJsonLine).join('\n') : toTable(figures)}\n`);
    process.exitCode = figures.some(({ met }) => met === false) ? 1 : 0;
  } finally {
    await rm(directory, { recursive: true });
  }
}

await main();
