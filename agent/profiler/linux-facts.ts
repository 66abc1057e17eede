/** What a Linux system says of itself. */
import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import {
  cpus,
  freemem,
  hostname,
  loadavg,
  machine,
  networkInterfaces,
  platform,
  release,
  totalmem,
  uptime,
} from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Component } from '../../domain/gateway/profile.js';
import type { FactSource } from './profiler.js';

const run = promisify(execFile);

/** Tools that artifacts ask for, and how each tells its version. */
const tools: Readonly<Record<string, readonly string[]>> = {
  busybox: ['--help'],
  curl: ['--version'],
  node: ['--version'],
  openssl: ['version'],
  python3: ['--version'],
  tar: ['--version'],
  wget: ['--version'],
};
const toolTimeoutMs = 5_000;

/** Name, address and hardware: what never changes while the agent runs. */
export const staticLinuxFacts: FactSource = {
  name: 'linux',
  read: async () => ({
    name: hostname(),
    mac: macAddress(),
    hardware: { arch: architecture(machine()), cpus: cpus().length, memoryTotal: totalmem() },
    software: { os: platform(), kernel: kernelVersion(release()), libc: await libcOnce() },
  }),
};

/** Memory, load, uptime, and the disk of a directory's file system. */
export function dynamicLinuxFacts(directory: string): FactSource {
  return {
    name: 'linux dynamic',
    read: async () => {
      const disk = await statfs(directory);
      return {
        hardware: {
          memoryFree: freemem(),
          diskTotal: disk.blocks * disk.bsize,
          diskFree: disk.bavail * disk.bsize,
          load: loadavg()[0] ?? 0,
          uptimeSeconds: Math.round(uptime()),
        },
      };
    },
  };
}

/**
 * Tools on the PATH with their versions; asked once, because each is a process.
 *
 * @param others what counts as tools, too; it may change
 */
export function linuxTools(others: () => readonly Component[]): FactSource {
  let found: Promise<Component[]> | null = null;
  return {
    name: 'tools',
    read: async () => {
      found ??= findTools();
      return { software: { tools: [...(await found), ...others()] } };
    },
  };
}

/** The names that artifacts use: `armv7l` is the kernel's word for a little-endian armv7. */
export function architecture(reported: string): string {
  if (/^i[3-6]86$/.test(reported)) return 'i686';
  if (reported === 'amd64') return 'x86_64';
  return reported.replace(/^(armv\d+)l$/, '$1');
}

/** `6.1.0-18-amd64` -> `6.1.0`, which ranges can be compared with. */
export function kernelVersion(reported: string): string {
  return threeNumbers(/^\d+(\.\d+){0,2}/.exec(reported)?.[0] ?? '0');
}

function threeNumbers(version: string): string {
  const numbers = version.split('.').map(Number);
  return [0, 1, 2].map((index) => numbers[index] ?? 0).join('.');
}

let foundLibc: Promise<string> | null = null;

/** Asked once, because it may take a process. */
function libcOnce(): Promise<string> {
  foundLibc ??= libc();
  return foundLibc;
}

/** Node knows the version of the glibc that it runs on; without one it is musl, whose loader tells its own. */
async function libc(): Promise<string> {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: unknown } };
  const glibc = report.header?.glibcVersionRuntime;
  if (typeof glibc === 'string') return `glibc ${glibc}`;
  const ldd = await findOnPath('ldd');
  return ldd === null ? 'musl' : muslVersion(await printedBy(ldd, ['--version']));
}

/** `musl 1.2.4` of what musl's loader prints; `musl` when it says no version. */
export function muslVersion(printed: string): string {
  const version = /^musl libc[^\n]*\nVersion (\d+(?:\.\d+){1,2})/u.exec(printed)?.[1];
  return version === undefined ? 'musl' : `musl ${version}`;
}

/** The first real one by name, so that it is the same after each start. */
export function macAddress(): string | undefined {
  const addresses = Object.entries(networkInterfaces())
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([, entries]) => entries ?? [])
    .filter(({ internal, mac }) => !internal && mac !== '00:00:00:00:00:00');
  return addresses[0]?.mac;
}

async function findTools(): Promise<Component[]> {
  const found = await Promise.all(
    Object.entries(tools).map(async ([name, args]) => {
      const path = await findOnPath(name);
      return path === null ? null : { name, version: await versionOf(path, args) };
    }),
  );
  return found.filter((tool) => tool !== null);
}

async function findOnPath(name: string): Promise<string | null> {
  for (const directory of (process.env['PATH'] ?? '').split(':')) {
    const path = join(directory === '' ? '.' : directory, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // The next directory may have it.
    }
  }
  return null;
}

/** The first thing that looks like a version in what the tool prints. */
async function versionOf(path: string, args: readonly string[]): Promise<string> {
  return threeNumbers(/\d+\.\d+(\.\d+)?/.exec(await printedBy(path, args))?.[0] ?? '0');
}

/** What a tool prints, wherever it prints it. */
async function printedBy(path: string, args: readonly string[]): Promise<string> {
  // Some print their version and fail: what they print is with the error then.
  const printed = await run(path, [...args], { timeout: toolTimeoutMs }).catch(
    (error: unknown) => error as { readonly stdout?: unknown; readonly stderr?: unknown },
  );
  return `${String(printed.stdout)}${String(printed.stderr)}`;
}
