/**
 * The BusyBox agent in a root directory of its own, where everything goes wrong: killed at random instants, hostile
 * packages and answers, a node that wants to be left alone.
 *
 * LEONORE_CRASHES sets the number of random kills, LEONORE_SEED their seed.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Report } from '../../domain/agent-protocol/messages.js';
import { busybox, BusyBoxBed } from '../../tests/support/busybox-bed.js';
import { application, type AgentBed } from '../testing/test-agent.js';
import { sha256, tar, testPackage, testTask, type TestEntry } from '../testing/test-package.js';

const underBusyBox = busybox === '' ? describe.skip : describe;

let box: BusyBoxBed;
let bed: AgentBed;

const keysOf = (report: Report): string[] =>
  (report.installed ?? []).map(({ name, version }) => `${name}@${version}`);

/** Processes whose root directory is that of the gateway, with the names of their programs. */
function processesInside(root: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (readlinkSync(`/proc/${name}/root`) !== join(root, '..')) return [];
        return [
          {
            pid: Number(name),
            command: readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' '),
          },
        ];
      } catch {
        return []; // It has ended meanwhile.
      }
    });
}

underBusyBox('a BusyBox agent in a root directory of its own', () => {
  beforeEach(async () => {
    box = await BusyBoxBed.inRoot();
    bed = box.bed;
  });
  afterEach(() => box.close());

  const lib = (version: string) => ({
    name: 'lib',
    version,
    files: { data: version, 'install.sh': 'cp data made\n', 'uninstall.sh': 'rm made\n' },
  });
  const first = testPackage(lib('1.0.0'), application('1.0.0'));
  const second = testPackage(lib('2.0.0'), application('2.0.0'));
  const failing = testPackage(lib('2.0.0'), application('2.0.0', { files: { 'start.sh': 'exit 1\n' } }));
  const remove = ['lib@1.0.0', 'app@1.0.0'];

  const kills = Number(
    process.env['LEONORE_CRASHES'] ?? (process.env['LEONORE_SOAK'] === undefined ? 8 : 200),
  );
  const seed = Number(process.env['LEONORE_SEED'] ?? Date.now() % 1_000_000);

  test.each([
    { what: 'one that works', built: second, removeFirst: false },
    { what: 'one that fails', built: failing, removeFirst: false },
    { what: 'one that works, the old removed first', built: second, removeFirst: true },
    { what: 'one that fails, the old removed first', built: failing, removeFirst: true },
  ])(
    `holds the old or the new, never half, when killed at random instants of $what (seed ${seed})`,
    async ({ built, removeFirst }) => {
      let state = seed;
      const random = (): number => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        return state / 2_147_483_648;
      };
      let agent = box.start();
      const startedMs = performance.now();
      await box.install(first, 'd1');
      const wholeMs = performance.now() - startedMs;
      bed.server.offer(built, testTask('d2', built, { remove, removeFirst }));
      for (let kill = 0; kill < kills / 4; kill += 1) {
        await sleep(random() * 1.2 * wholeMs);
        await agent.end('SIGKILL');
        agent = box.start();
      }
      // The last one has ended what was left of the others once it asks.
      const polls = bed.server.countOf('GET', '/device/v1/tasks');
      await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > polls);
      const report = await bed.server.ending('d2');
      const version = report.state === 'succeeded' ? '2.0.0' : '1.0.0';
      if (built === failing) expect(report).toMatchObject({ state: 'failed' });
      expect(keysOf(report)).toEqual([`lib@${version}`, `app@${version}`]);
      expect(await box.leftovers()).toEqual([]);
      expect(await box.store()).toEqual([`app@${version}`, `lib@${version}`]);
      const lib = await readdir(box.path('container/store/lib'));
      expect(await readdir(box.path('container/store/lib', lib[0] ?? ''))).toContain('made');
      // One application, of that version, and nothing of an earlier run.
      const sleeping = (): number =>
        processesInside(box.root).filter(({ command }) => command.includes('sleep 1000')).length;
      while (sleeping() !== 1) await sleep(50);
      const started = await readFile(box.path('container/data/app/started'), 'utf8');
      expect(started.trim().split('\n').at(-1)).toBe(version);
      const finals = bed.server.reports.filter((sent) => sent.deliveryId === 'd2' && sent.sequence === 3);
      expect(new Set(finals.map((final) => JSON.stringify(final))).size).toBe(1);
      expect(await agent.end('SIGTERM')).toBe(0);
      expect(processesInside(box.root).filter(({ command }) => command.includes('sleep 1000'))).toEqual([]);
    },
    60_000 + kills * 3_000,
  );

  test('goes on after a failure of the network, and does as it is asked when told to wait', async () => {
    const moments: number[] = [];
    bed.server.intercept = (request, response) => {
      if (!(request.url ?? '').endsWith('/register') || moments.length >= 2) return false;
      moments.push(performance.now());
      request.resume();
      if (moments.length === 1) response.writeHead(503).end();
      else response.destroy();
      return true;
    };
    box.start();
    expect(await box.install(first, 'd1')).toMatchObject({ state: 'succeeded' });
    const [asked = 0, again = 0] = moments;
    // Lateness proves nothing, but earliness would.
    expect(again - asked).toBeGreaterThanOrEqual(4_900);
  }, 60_000);

  test('does not know its token any more, registers anew, and drops what LEONORE has ended', async () => {
    box.start();
    await box.install(first, 'd1');
    bed.server.token = 'token-2';
    let refused = 0;
    bed.server.intercept = (request, response) => {
      if (!(request.url ?? '').endsWith('/reports')) return false;
      refused += 1;
      bed.server.tasks = [];
      request.resume();
      response
        .writeHead(409, { 'content-type': 'application/problem+json' })
        .end('{"code":"DELIVERY_ENDED"}');
      return true;
    };
    bed.server.offer(second, testTask('d2', second, { remove }));
    await bed.server.until(() => refused > 0);
    const polls = bed.server.countOf('GET', '/device/v1/tasks');
    await bed.server.until(() => bed.server.countOf('GET', '/device/v1/tasks') > polls + 1);
    expect(refused).toBe(1);
    expect(bed.server.countOf('GET', `/device/v1/packages/${second.digest}`)).toBe(0);
    expect(await box.store()).toEqual(['app@1.0.0', 'lib@1.0.0']);
    expect(await readFile(box.path('agent/identity'), 'utf8')).toContain('token-2');
  }, 60_000);

  test.each([404, 410])(
    'whose package is refused (%d) asks again: another order counts, the same has failed',
    async (status) => {
      bed.server.tasks.push(testTask('d1', first));
      bed.server.intercept = (request, response) => {
        if (!(request.url ?? '').endsWith(first.digest)) return false;
        bed.server.tasks = [];
        bed.server.offer(second, testTask('d2', second));
        response.writeHead(status).end();
        return true;
      };
      box.start();
      expect(await bed.server.ending('d2')).toMatchObject({ state: 'succeeded' });
      expect(bed.server.reports.filter(({ state }) => state === 'failed')).toEqual([]);
      expect(await box.leftovers()).toEqual([]);

      bed.server.intercept = (request, response) => {
        if (!(request.url ?? '').endsWith(first.digest)) return false;
        response.writeHead(status).end();
        return true;
      };
      const asked = bed.server.countOf('GET', `/device/v1/packages/${first.digest}`);
      bed.server.tasks.push(testTask('d3', first));
      expect(await bed.server.ending('d3')).toMatchObject({
        state: 'failed',
        error: { class: 'network', step: 'download' },
      });
      expect(bed.server.countOf('GET', `/device/v1/packages/${first.digest}`) - asked).toBe(2);
    },
  );

  test('takes no more than it wants of answers, and none that makes no sense', async () => {
    const evil = [
      // A path in place of a digest, and commands in place of ids.
      ['task', '$(touch /pwned)'],
      ['task', 'x/w /pwned'],
      ['task', 'd9', 'digest', '../../../../pwned'],
      ['task', 'd9', 'size', 'a[$(touch /pwned)]'],
    ].map(([key = '', id = '', other = '', value = '']) => {
      const facts: Record<string, string> = {
        package: 'a'.repeat(64),
        digest: 'b'.repeat(64),
        size: '10',
        lastSequence: '0',
        [other]: value,
      };
      const lines = Object.entries(facts).map(([name, fact]) => `${name}\t${fact}`);
      return [`${key}\t${id}`, ...lines, `end\t${id}`, ''].join('\n');
    });
    const bodies = [
      randomBytes(100_000),
      Buffer.alloc(50_000_000, 'task\tx\n'),
      Buffer.from(evil.join('')),
      Buffer.from(`profileWanted\tfalse\ntask\td1\npackage\t${first.id}\n`),
    ];
    let given = 0;
    bed.server.intercept = (request, response) => {
      const body = bodies[given];
      if (!(request.url ?? '').endsWith('/tasks') || body === undefined) return false;
      given += 1;
      response.on('error', () => undefined);
      response.writeHead(200, { 'content-type': 'text/plain' }).end(body);
      return true;
    };
    box.start();
    await bed.server.until(() => given === bodies.length);
    expect(await box.install(first, 'd1')).toMatchObject({ state: 'succeeded' });
    expect(existsSync(join(box.root, '..', 'pwned'))).toBe(false);
    expect(readdirSync(join(box.root, '..')).sort()).toEqual(
      ['bin', 'dev', 'gateway', 'leonore-agent.sh', 'proc', 'tmp'].sort(),
    );
  }, 90_000);

  test('refuses hostile packages before anything of them is in place', async () => {
    const entry = (path: string, content = 'x'): TestEntry => ({
      path,
      mode: '0644',
      size: content.length,
      content: Buffer.from(content),
    });
    const without = (path: string): TestEntry[] => second.entries.filter((other) => other.path !== path);
    const script = 'binary/app-2.0.0/start.sh';
    const bytesOf = (
      entries: readonly TestEntry[],
      change: (bytes: Buffer) => void = () => undefined,
    ): Buffer => {
      const bytes = tar(entries);
      change(bytes);
      return gzipSync(bytes);
    };
    /** Turns the entry into one of another type, whose header has the right checksum. */
    const ofType =
      (path: string, type: string, target: string) =>
      (bytes: Buffer): void => {
        const at = bytes.indexOf(`${path}\0`);
        bytes.write(type, at + 156);
        bytes.write(target, at + 157);
        bytes.write('        ', at + 148);
        const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
        bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
      };
    const archives: Record<string, Buffer> = {
      'a path out of the tree': bytesOf([...second.entries, entry('binary/../../../x')]),
      'an absolute path': bytesOf([...second.entries, entry('/binary/app-2.0.0/x')]),
      'a file that is not listed': bytesOf([...second.entries, entry('binary/app-2.0.0/more')]),
      'a file that is missing': bytesOf(without(script)),
      'a file twice': bytesOf([...second.entries, ...second.entries.slice(-1)]),
      'two names that differ by case': bytesOf([
        ...second.entries,
        entry(script.toUpperCase().replace('BINARY', 'binary')),
      ]),
      'other content': bytesOf([...without(script), entry(script, 'exit 0\n')]),
      'a symbolic link': bytesOf(
        [...second.entries, entry('binary/app-2.0.0/link', '')],
        ofType('binary/app-2.0.0/link', '2', '/etc'),
      ),
      'a hard link': bytesOf(
        [...second.entries, entry('binary/app-2.0.0/link', '')],
        ofType('binary/app-2.0.0/link', '1', '/bin/busybox'),
      ),
      'a device': bytesOf(
        [...second.entries, entry('binary/app-2.0.0/link', '')],
        ofType('binary/app-2.0.0/link', '3', ''),
      ),
      'data after the end': gzipSync(Buffer.concat([tar(second.entries), randomBytes(1_024)])),
      'no end': second.archive.subarray(0, second.archive.length - 200),
      'another package': first.archive,
      noise: randomBytes(5_000),
    };
    box.start();
    await box.install(first, 'd1');
    for (const [what, archive] of Object.entries(archives)) {
      const report = await box.install(
        { ...second, archive, digest: sha256(archive) },
        what.replaceAll(' ', '-'),
        { remove },
      );
      expect({ what, ...report }).toMatchObject({
        what,
        state: 'failed',
        error: { class: 'integrity', step: 'unpack' },
      });
      expect(keysOf(report)).toEqual(['lib@1.0.0', 'app@1.0.0']);
    }
    expect(await box.leftovers()).toEqual([]);
    expect(await box.store()).toEqual(['app@1.0.0', 'lib@1.0.0']);
    // A package that is damaged on its way each time is given up.
    bed.server.intercept = (request, response) => {
      if (!(request.url ?? '').includes('/packages/')) return false;
      response.writeHead(200).end(Buffer.alloc(second.archive.length));
      return true;
    };
    expect(await box.install(second, 'damaged', { remove })).toMatchObject({
      state: 'failed',
      error: { class: 'integrity', step: 'download' },
    });
  }, 180_000);

  test('needs less than 4 MB of memory, with all that it runs', async () => {
    const big = testPackage(application('1.0.0', { files: { noise: randomBytes(8_000_000) } }));
    const agent = box.start();
    let peak = 0;
    let most: Record<string, number> = {};
    const ended = new AbortController();
    const sampling = (async () => {
      while (!ended.signal.aborted) {
        const own = processesInside(box.root).filter(({ command }) => !command.includes('sleep 1000'));
        const sizes = Object.fromEntries(
          own.map(({ pid, command }) => [`${pid} ${command}`, proportionalKb(pid)]),
        );
        const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
        if (total > peak) [peak, most] = [total, sizes];
        await sleep(5);
      }
    })();
    expect(await box.install(big, 'd1')).toMatchObject({ state: 'succeeded' });
    ended.abort();
    await sampling;
    const alone = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]);
    process.stderr.write(`BusyBox agent: ${peak} kB in all its processes, ${alone} kB in its shell alone\n`);
    expect({ peak, most, fits: peak < 4_096 }).toMatchObject({ fits: true });
    expect(alone).toBeLessThan(4_096);
  }, 90_000);
});

/** Proportional set size: memory that several processes share counts once in their sum. */
function proportionalKb(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
