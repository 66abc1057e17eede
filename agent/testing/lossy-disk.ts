/**
 * A file system that loses what was not synced when its power is cut: ext4 in a file, shut down by FS_IOC_SHUTDOWN
 * without a flush of its journal, then mounted again. A real power cut, as far as the file system can tell.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** _IOR('X', 125, __u32) with EXT4_GOING_FLAGS_NOLOGFLUSH; perl-base is on every Debian. */
const shutDown =
  'sysopen(F, $ARGV[0], 0) or die "$!"; my $flags = pack("L", 2); ioctl(F, 0x8004587d, $flags) or die "$!"';

export class LossyDisk {
  private constructor(
    private readonly directory: string,
    private readonly image: string,
    readonly path: string,
  ) {}

  /** @returns null where no such file system may be had */
  static async create(sizeMb: number): Promise<LossyDisk | null> {
    const directory = await mkdtemp(join(tmpdir(), 'leonore-lossy-'));
    const disk = new LossyDisk(directory, join(directory, 'image'), join(directory, 'disk'));
    await mkdir(disk.path);
    const made =
      succeeds('truncate', '-s', `${sizeMb}M`, disk.image) &&
      succeeds('mkfs.ext4', '-q', '-F', disk.image) &&
      succeeds('perl', '-e', '1') &&
      disk.mount();
    if (made) return disk;
    await rm(directory, { recursive: true });
    return null;
  }

  /** What was not synced is lost from now on, and nothing can be written any more. */
  cut(): void {
    execFileSync('perl', ['-e', shutDown, this.path]);
  }

  /** As after the power has come back. Nothing may have a file open there. */
  async restore(): Promise<void> {
    await this.unmount();
    if (!this.mount()) throw new Error('the file system cannot be mounted again');
  }

  async remove(): Promise<void> {
    await this.unmount();
    await rm(this.directory, { recursive: true });
  }

  /** The timed commit is far away, so that nothing is saved by chance. */
  private mount(): boolean {
    return succeeds('mount', '-o', 'loop,commit=300', this.image, this.path);
  }

  private async unmount(): Promise<void> {
    // A killed process holds its files for a moment longer.
    for (let attempt = 0; !succeeds('umount', this.path); attempt += 1) {
      if (attempt === 200) throw new Error('the file system is in use');
      await sleep(25);
    }
  }
}

function succeeds(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
