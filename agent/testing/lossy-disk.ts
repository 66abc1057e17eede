/**
 * A file system that loses what was not synced when its power is cut: ext4 in a file, shut down by FS_IOC_SHUTDOWN
 * without a flush of its journal, then mounted again. A real power cut, as far as the file system can tell.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
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
    private image: string,
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

  /**
   * As after the power has come back. What is mounted is a copy of the image: a mount name space of somebody else may
   * have been made meanwhile and keep the old one, without power, alive.
   *
   * @param release makes sure that nothing has a file open there; called again until nothing has
   */
  async restore(release: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await this.unmount(release);
    const before = this.image;
    this.image = join(this.directory, `image-${randomUUID()}`);
    execFileSync('cp', ['--sparse=always', before, this.image]);
    await rm(before);
    if (!this.mount()) throw new Error('the file system cannot be mounted again');
  }

  async remove(): Promise<void> {
    await this.unmount(() => Promise.resolve());
    await rm(this.directory, { recursive: true });
  }

  /** The timed commit is far away, so that nothing is saved by chance. */
  private mount(): boolean {
    return succeeds('mount', '-o', 'loop,commit=300', this.image, this.path);
  }

  private async unmount(release: () => Promise<void>): Promise<void> {
    // A killed process holds its files for a moment longer.
    for (let attempt = 0; attempt < 200; attempt += 1) {
      await release();
      if (succeeds('umount', this.path)) return;
      await sleep(25);
    }
    throw new Error('the file system is in use');
  }
}

function succeeds(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
