/**
 * Deliveries that are interrupted again and again, by whatever means: a chain of them to one gateway, each from what
 * the one before has left. After each: old or new and running, the right report, and nothing that does not belong.
 */
import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../domain/agent-protocol/messages.js';
import { AgentProcess, endProcessesOf } from './agent-process.js';
import { application, type AgentBed } from './test-agent.js';
import { testPackage, testTask, type TestArtifact, type TestPackage } from './test-package.js';

/** Content that takes a while to download, to unpack and to put on the disk. */
const noise = randomBytes(400_000);

/** Short, because most of a delivery would be waiting otherwise; long enough to be interrupted in. */
const staysUpSeconds = 0.1;

const lib = (version: string): TestArtifact => ({
  name: 'lib',
  version,
  files: { noise, data: version, 'install.sh': 'cp data made\n', 'uninstall.sh': 'rm made\n' },
});
/** The check sees whether the application finds what it was installed with. */
const check =
  'test "$(cat "$LEONORE_ACTIVE/lib/data")" = "$LEONORE_VERSION" && test -s "$LEONORE_ACTIVE/lib/made"\n';
const good = (version: string): TestPackage =>
  testPackage(
    lib(version),
    application(version, { files: { 'check.sh': check }, health: { check: 'check.sh', staysUpSeconds } }),
  );

const working = ['1.0.0', '2.0.0'].map((version) => ({ version, built: good(version) }));
const broken = testPackage(lib('3.0.0'), application('3.0.0', { files: { 'start.sh': 'exit 1\n' } }));

export interface Interruption {
  /** Ends everything that runs, as abruptly as can be. */
  strike(agent: AgentProcess): Promise<void>;
}

export class CrashCourse {
  #agent: AgentProcess;
  #installed = '';
  #deliveries = 0;
  /** How long an undisturbed delivery takes here and now, from the start of the agent. */
  #wholeMs = 0;

  private constructor(
    private readonly bed: AgentBed,
    private readonly random: () => number,
    private readonly interruption: Interruption,
  ) {
    this.#agent = AgentProcess.start(bed);
  }

  /** Installs a first version without a disturbance. */
  static async begin(bed: AgentBed, random: () => number, interruption: Interruption): Promise<CrashCourse> {
    const course = new CrashCourse(bed, random, interruption);
    const startedMs = performance.now();
    await course.#deliver(0, 0);
    course.#wholeMs = performance.now() - startedMs;
    return course;
  }

  async end(): Promise<void> {
    // A strike that failed may have left it stopped, or killed without its applications.
    if (!this.#agent.exited) process.kill(this.#agent.pid, 'SIGCONT');
    await this.#agent.kill('SIGTERM');
    await endProcessesOf(this.bed.path('container'));
  }

  /** A delivery with so many interruptions at random instants. */
  async disturbed(interruptions: number): Promise<void> {
    await this.#deliver(interruptions, this.#wholeMs);
  }

  async #deliver(interruptions: number, withinMs: number): Promise<void> {
    this.#deliveries += 1;
    const deliveryId = `d${this.#deliveries}`;
    const next = working.find(({ version }) => version !== this.#installed);
    if (next === undefined) throw new Error('no version');
    const fails = this.#installed !== '' && this.random() < 0.4;
    const removeFirst = this.#installed !== '' && this.random() < 0.4;
    const built = fails ? broken : next.built;
    const remove = this.#installed === '' ? [] : [`lib@${this.#installed}`, `app@${this.#installed}`];
    this.bed.server.offer(built, testTask(deliveryId, built, { remove, removeFirst }));
    let complete: number | null = null;
    const gets = (): number => this.bed.server.countOf('GET', `/device/v1/packages/${built.digest}`);
    for (let count = 0; count < interruptions; count += 1) {
      await sleep(this.random() * withinMs);
      await this.interruption.strike(this.#agent);
      if (this.#agent.lines.some((line) => line.delivery === deliveryId && afterDownload(line.step))) {
        complete ??= gets();
      }
      this.#agent = AgentProcess.start(this.bed);
    }
    const report = await this.bed.server.ending(deliveryId);
    await this.bed.settled();
    const story = `${deliveryId}: ${this.#installed} -> ${fails ? 'broken' : next.version}, removing first: ${removeFirst}, ${JSON.stringify(report)}`;
    if (!fails && report.state === 'succeeded') this.#installed = next.version;
    else if (!fails)
      expect([story, report.error?.message]).toEqual([story, expect.stringContaining('times in this step')]);
    else expect([story, report]).toMatchObject([story, { state: 'failed' }]);
    await this.#expectSound(report, story);
    // What was complete is never asked for again.
    if (complete !== null) expect([story, gets()]).toEqual([story, complete]);
    this.bed.server.requests.length = 0;
  }

  async #expectSound(report: Report, story: string): Promise<void> {
    const { bed } = this;
    const version = this.#installed;
    expect([story, report.installed?.map((installed) => `${installed.name}@${installed.version}`)]).toEqual([
      story,
      [`lib@${version}`, `app@${version}`],
    ]);
    expect([story, await bed.store()]).toEqual([story, [`app@${version}`, `lib@${version}`]]);
    expect(await readdir(bed.path('container/generations'))).toHaveLength(1);
    expect(await readdir(bed.path('container/packages'))).toHaveLength(1);
    expect((await readdir(bed.path('container/data'))).sort()).toEqual(['app', 'lib']);
    expect(await bed.text('container/current/active/lib/data')).toBe(version);
    expect(await bed.text('container/current/active/lib/made')).toBe(version);
    // The last interruption may have come after the end of the delivery, so it may just be starting again.
    await bed.running();
    // What the application itself writes is not synced, so a power cut may have left zeros of it.
    expect([
      story,
      (await bed.text('container/data/app/started')).replaceAll('\0', '').trim().split('\n').at(-1),
    ]).toEqual([story, version]);
    // A report may come twice, but never two different ends, nor two reports with one number.
    const own = bed.server.reports.filter(({ deliveryId }) => deliveryId === report.deliveryId);
    const ends = own.filter(({ state }) => state === 'succeeded' || state === 'failed');
    expect([story, new Set(ends.map((end) => JSON.stringify(end))).size]).toEqual([story, 1]);
    for (const { sequence, state } of own) {
      expect(own.filter((other) => other.sequence === sequence).every((other) => other.state === state)).toBe(
        true,
      );
    }
  }
}

function afterDownload(step: string | undefined): boolean {
  return step !== undefined && step !== 'download';
}

/** A small generator of numbers in [0, 1), the same for the same seed (a linear congruence). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** The seed of this run: LEONORE_SEED, else another one each time. It is in the test's name, to be given again. */
export const seed = Number(process.env['LEONORE_SEED'] ?? Date.now() % 1_000_000);
