/** What a virtual gateway does with a package's bytes, by its level of truth (options.ts). */
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectorySink } from '../../agent/archive/unpack-package.js';
import { verifyPackage } from '../../agent/archive/verify-package.js';
import type { DeviceSession, DownloadSink } from '../../agent/connectivity/connectivity.js';
import { download } from '../../agent/connectivity/http/download.js';
import { ArchiveFile } from '../../agent/delivery/archive-file.js';
import { agentPaths, createAgentDirectories, type AgentPaths } from '../../agent/state/agent-paths.js';
import type { Task } from '../../domain/agent-protocol/messages.js';
import type { FleetContext } from './fleet-context.js';
import { ReadingSink } from './reading-sink.js';

export type WantedPackage = Pick<Task['package'], 'id' | 'digest' | 'sizeBytes'>;

/** Takes packages for one gateway. */
export interface PackageReceiver {
  /** Downloads the archive and checks its digest. @throws IntegrityError, DeviceError, errors of the disk */
  fetch(from: DeviceSession, wanted: WantedPackage): Promise<void>;
  /** Puts the files in place. @throws LeonoreError MALFORMED_PACKAGE, errors of the disk */
  unpack(wanted: WantedPackage): Promise<void>;
  /** Removes what was written. */
  clear(): Promise<void>;
}

/** @param gatewayId names its directory */
export function packageReceiver(fleet: FleetContext, gatewayId: string): PackageReceiver {
  const { level, directory } = fleet.options;
  if (level === 'protocol') return new CheckingReceiver(fleet);
  if (directory === null) throw new Error('level of truth full needs a directory');
  return new UnpackingReceiver(fleet, join(directory, gatewayId));
}

/** Level `protocol`. */
class CheckingReceiver implements PackageReceiver {
  constructor(private readonly fleet: FleetContext) {}

  async fetch(from: DeviceSession, wanted: WantedPackage): Promise<void> {
    await downloadInto(this.fleet, from, wanted, new ReadingSink(this.fleet.contents, wanted.digest));
  }

  async unpack(): Promise<void> {
    // Nothing is on disk.
  }

  async clear(): Promise<void> {
    // Nothing is on disk.
  }
}

/** Level `full`. */
class UnpackingReceiver implements PackageReceiver {
  private readonly paths: AgentPaths;

  constructor(
    private readonly fleet: FleetContext,
    root: string,
  ) {
    this.paths = agentPaths(root);
  }

  async fetch(from: DeviceSession, wanted: WantedPackage): Promise<void> {
    await createAgentDirectories(this.paths);
    const archive = new ArchiveFile(this.paths.downloads, wanted.digest);
    await archive.open();
    try {
      await downloadInto(this.fleet, from, wanted, archive);
      await archive.complete();
    } finally {
      await archive.close();
    }
  }

  async unpack(wanted: WantedPackage): Promise<void> {
    const target = join(this.paths.container, 'packages', wanted.id);
    await mkdir(target, { recursive: true });
    const sink = new DirectorySink(target);
    try {
      const { path } = new ArchiveFile(this.paths.downloads, wanted.digest);
      const { manifest } = await verifyPackage(createReadStream(path), { sink, expectedId: wanted.id });
      this.fleet.contents.learn(wanted.digest, manifest.artifacts);
    } finally {
      await sink.close();
    }
  }

  async clear(): Promise<void> {
    await rm(this.paths.root, { recursive: true, force: true });
  }
}

async function downloadInto(
  fleet: FleetContext,
  from: DeviceSession,
  wanted: WantedPackage,
  sink: DownloadSink,
): Promise<void> {
  const { bytesPerSecond } = fleet.options;
  const target = bytesPerSecond === null ? sink : new SlowSink(sink, bytesPerSecond);
  await download(fleet.client, from, wanted, target, { signal: fleet.signal });
  fleet.progress.downloads++;
  fleet.progress.downloadedBytes += sink.received;
}

/** Takes no more than so many bytes a second; what it does not take yet waits in the socket, as on a slow line. */
class SlowSink implements DownloadSink {
  private readonly startedMs = performance.now();
  private taken = 0;

  constructor(
    private readonly sink: DownloadSink,
    private readonly bytesPerSecond: number,
  ) {}

  get received(): number {
    return this.sink.received;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.sink.write(chunk);
    this.taken += chunk.length;
    const dueMs = this.startedMs + (this.taken / this.bytesPerSecond) * 1_000;
    const earlyMs = dueMs - performance.now();
    if (earlyMs > 1) await sleep(earlyMs);
  }

  reset(): Promise<void> | void {
    return this.sink.reset();
  }

  digest(): string {
    return this.sink.digest();
  }
}
