/** Build scripts of every kind, the hostile ones among them, in each sandbox that this machine allows. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LeonoreError } from '../../domain/errors.js';
import { DiskBlobStore } from '../../repositories/disk-blob-store.js';
import { SourceBuilder, type SourceBuild } from './build-source.js';
import { findSandboxes, type SandboxMeans } from './sandbox/sandbox.js';
import type { BuildLimits } from './sandbox/build-limits.js';

const MiB = 1024 * 1024;
const small: BuildLimits = { timeMs: 20_000, memoryBytes: 200 * MiB, diskBytes: 50 * MiB };

const variant = { source: { directory: 'src', build: 'build.sh' } };

let blobRoot: string;
let blobs: DiskBlobStore;
let server: Server;
let connections = 0;

beforeAll(async () => {
  blobRoot = await mkdtemp(join(tmpdir(), 'leonore-test-blobs-'));
  blobs = new DiskBlobStore(blobRoot);
  await writeFile(join(blobRoot, 'secret'), 'the secret of the node');
  server = createServer((socket) => {
    connections += 1;
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  server.close();
  await rm(blobRoot, { recursive: true, force: true });
});

async function build(
  script: string,
  options: { means?: SandboxMeans; limits?: Partial<BuildLimits>; signal?: AbortSignal } = {},
): Promise<SourceBuild> {
  const staged = await blobs.stage(Readable.from([script]), MiB);
  await staged.commit();
  const file = {
    path: 'build.sh',
    sha256: staged.digest,
    sizeBytes: staged.sizeBytes,
    mode: '0644' as const,
  };
  const { means, limits, signal = new AbortController().signal } = options;
  const builder = new SourceBuilder({
    blobs,
    limits: { ...small, ...limits },
    isolation: 'best',
    ...(means === undefined ? {} : { means }),
  });
  return builder.build([file], { ...variant, platform: { arch: 'armv7' } }, signal);
}

async function failureOf(building: Promise<SourceBuild>): Promise<{ message: string; log: string }> {
  const error: unknown = await building.then(
    ({ log }) => new Error(`it was built: ${log}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof LeonoreError) || error.code !== 'BUILD_FAILED') throw error;
  const log = error.details['log'];
  return { message: error.message, log: typeof log === 'string' ? log : '' };
}

async function contentsOf({ files }: SourceBuild): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for (const { path, sha256 } of files) contents[path] = await text(await blobs.open(sha256));
  return contents;
}

async function leftBehind(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith(`leonore-build-${process.pid}-`));
}

/** Fills ten files of 40 MiB each, which nobody sees by a name, and keeps them open. @param descriptor makes one, in Perl */
function unnamed(descriptor: string): string {
  const fill = 'for (1..40) { syswrite($f, "x" x 1048576) or exit 1 }';
  return `perl -e 'my @kept; for my $i (1..10) { my $fd = ${descriptor}; open(my $f, ">&=", $fd) or exit 1; push @kept, $f; ${fill} } sleep 30'\n`;
}

const allHostile: [string, string, Partial<BuildLimits>, string | null][] = [
  ['forks without end', 'b() { b | b & }; b; sleep 1000\n', { timeMs: 2_000 }, null],
  [
    'hangs deaf',
    'trap "" TERM INT HUP; while :; do sleep 1; done\n',
    { timeMs: 1_000 },
    'took longer than 1 s',
  ],
  ['hangs', 'sleep 1000\n', { timeMs: 1_000 }, 'took longer than 1 s'],
  ['prints without end', 'yes\n', {}, 'printed more than'],
  ['eats memory', 'x=x; while :; do x=$x$x; done\n', {}, null],
  [
    'eats memory in many processes',
    'for i in 1 2 3 4 5 6; do (x=x; while [ ${#x} -lt 30000000 ]; do x=$x$x; done; sleep 30) & done; wait\n',
    { memoryBytes: 100 * MiB },
    'bytes of memory',
  ],
  [
    'fills the disk',
    'i=0; while :; do i=$((i+1)); dd if=/dev/zero of="$LEONORE_OUTPUT/$i" bs=1M count=20 2>/dev/null; done\n',
    {},
    'on the disk',
  ],
  [
    'keeps memory in files that have no name',
    // memfd_create(2)
    unnamed(`do { my $n = "x"; syscall(${process.arch === 'x64' ? 319 : 279}, $n, 0) }`),
    { memoryBytes: 100 * MiB },
    'bytes of memory',
  ],
  [
    'keeps files that it has unlinked',
    unnamed(
      'fileno(do { open(my $g, "+>", "$ENV{TMPDIR}/$i"); unlink("$ENV{TMPDIR}/$i"); push @kept, $g; $g })',
    ),
    {},
    null,
  ],
  ['writes one endless file', 'dd if=/dev/zero of="$LEONORE_OUTPUT/big" bs=1M\n', {}, null],
];

const available = (await findSandboxes()).map(({ means }) => means);

describe.each(available)('in the sandbox "%s"', (means) => {
  const apart = means === 'bubblewrap' || means === 'namespaces';

  test('a script builds, and its log says what held', async () => {
    const built = await build(
      'echo building; mkdir "$LEONORE_OUTPUT/bin"; echo x >"$LEONORE_OUTPUT/bin/run"; chmod +x "$LEONORE_OUTPUT/bin/run"; echo y >"$LEONORE_OUTPUT/data"\n',
      { means },
    );
    expect(built.log).toMatch(
      new RegExp(`^sandbox: ${means === 'user' ? 'a user' : means}[^\n]*\nbuilding\n$`),
    );
    expect(built.files.map(({ path, mode }) => [path, mode])).toEqual([
      ['bin/run', '0755'],
      ['data', '0644'],
    ]);
    expect(await leftBehind()).toEqual([]);
  });

  test('it sees nothing of the environment of the node', async () => {
    process.env['LEONORE_SECRET_OF_THE_TEST'] = 'secret';
    const built = await contentsOf(
      await build(
        'env >"$LEONORE_OUTPUT/env"; tr "\\0" "\\n" </proc/$PPID/environ >>"$LEONORE_OUTPUT/env"; true\n',
        { means },
      ),
    );
    if (means !== 'none') expect(built['env']).not.toContain('LEONORE_SECRET_OF_THE_TEST');
    expect(built['env']).toContain('SOURCE_DATE_EPOCH=0');
    expect(built['env']).toContain('LEONORE_TARGET_ARCH=armv7');
  });

  // Limits are the same everywhere; what differs is how processes are found.
  // Without a user of its own, root's processes have no limit in number: LEONORE takes "none" only when it is not root.
  const unbounded = means === 'none' && process.getuid?.() === 0;
  const hostile = means === available[0] ? allHostile : allHostile.slice(unbounded ? 1 : 0, 2);
  test.each(hostile)('a script that %s is ended', async (_what, script, limits, message) => {
    const failure = await failureOf(build(script, { means, limits }));
    if (message !== null) expect(failure.message).toContain(message);
    expect(await leftBehind()).toEqual([]);
  });

  test('what it leaves running ends with it', async () => {
    const mark = `31${process.pid}${Math.floor(performance.now())}`;
    const built = await build(`(setsid sleep ${mark} &) ; sleep ${mark} & echo x >"$LEONORE_OUTPUT/x"\n`, {
      means,
    });
    expect(built.files).toHaveLength(1);
    const running = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line === `sleep ${mark}`);
    // Without any sandbox, who leaves the session is not found.
    expect(running.length).toBeLessThanOrEqual(means === 'none' ? 1 : 0);
    if (means === 'none')
      execFileSync('sh', [
        '-c',
        `kill $(ps -eo pid,args | awk '$2 == "sleep" && $3 == "${mark}" {print $1}') 2>/dev/null || true`,
      ]);
  });

  test('a build that is given up is ended', async () => {
    const abort = new AbortController();
    const building = build('sleep 1000\n', { means, signal: abort.signal });
    setTimeout(() => abort.abort(new Error('given up')), 300);
    await expect(building).rejects.toThrow('given up');
    expect(await leftBehind()).toEqual([]);
  });

  test.each([
    ['a link out of it', 'ln -s /etc/passwd "$LEONORE_OUTPUT/link"', 'no plain file'],
    ['a link to a directory', 'ln -s /etc "$LEONORE_OUTPUT/etc"', 'no plain file'],
    ['a pipe', 'mkfifo "$LEONORE_OUTPUT/pipe"', 'no plain file'],
    [
      'a link in the place of its output',
      'rm -r "$LEONORE_OUTPUT"; ln -s /etc "$LEONORE_OUTPUT"',
      'no directory',
    ],
    ['no output at all', 'rm -r "$LEONORE_OUTPUT"', 'no directory'],
    ['nothing', ':', 'left nothing'],
    ['a hostile name', 'touch "$LEONORE_OUTPUT/$(printf "a\\nb")"', 'no safe path'],
    [
      'directories without end',
      'cd "$LEONORE_OUTPUT"; i=0; while [ $i -lt 600 ]; do mkdir abcdefghij; cd abcdefghij; i=$((i+1)); done',
      'no safe path',
    ],
    [
      'what nobody may read',
      'mkdir "$LEONORE_OUTPUT/d"; touch "$LEONORE_OUTPUT/d/x"; chmod 000 "$LEONORE_OUTPUT/d"; exit 3',
      'exit code 3',
    ],
  ])('leaving %s fails the build', async (_what, script, message) => {
    expect((await failureOf(build(`${script}\n`, { means }))).message).toContain(message);
    expect(await leftBehind()).toEqual([]);
  });

  test('what it prints becomes text that a database takes, and its end is kept', async () => {
    const { log } = await failureOf(
      build('printf "a\\000b\\033[1m\\377"; seq 1 100000; echo the end; exit 1\n', { means }),
    );
    // eslint-disable-next-line no-control-regex
    expect(log).not.toMatch(/[\u0000-\u0008\u000e-\u001f]/u);
    expect(log).toMatch(/the end\n$/);
    expect(log.length).toBeLessThan(70_000);
  });

  if (apart) {
    test('there is no network', async () => {
      const { port } = server.address() as AddressInfo;
      const before = connections;
      await build(`bash -c 'echo x >/dev/tcp/127.0.0.1/${port}' 2>&1; echo y >"$LEONORE_OUTPUT/y"\n`, {
        means,
      });
      expect(connections).toBe(before);
    });

    test('no file of the machine is to be seen or changed, but programs', async () => {
      const script = `
        for path in ${blobRoot} ${process.cwd()} /root /home /etc/passwd /var/lib /sys /proc/1/environ; do
          if [ -r "$path" ] && cat "$path" "$path"/* >/dev/null 2>&1 || [ -e "$path/secret" ]; then echo "read $path"; fi
        done
        for path in / /usr/x /etc/x /dev/x /bin/x /dev/shm/x /build/../x; do
          (: >"$path") 2>/dev/null && echo "wrote $path"
        done
        ls /proc | grep -c '^[0-9]' >"$LEONORE_OUTPUT/processes"
        id -u >"$LEONORE_OUTPUT/uid"; mount -t tmpfs none /tmp 2>/dev/null && echo mounted
        echo "$LEONORE_OUTPUT" >"$LEONORE_OUTPUT/path"; : >/tmp/x; kill -9 1 2>/dev/null; true`;
      const built = await build(script, { means });
      expect(built.log.split('\n').slice(1).join('')).toBe('');
      const contents = await contentsOf(built);
      expect(Number(contents['processes'])).toBeLessThan(10);
      expect(contents['path']).toBe('/build/output\n');
    });
  }
});

test('where nothing isolates, nothing is built when that is required', async () => {
  const builder = new SourceBuilder({ blobs, limits: small, isolation: 'required', means: 'none' });
  await expect(builder.build([], variant, new AbortController().signal)).rejects.toThrow('without isolation');
});
