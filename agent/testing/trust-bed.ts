/** An agent against a server that hands on metadata and statements, and what a test of signatures does with both. */
import { expect } from '@jest/globals';
import type { Report, Task } from '../../domain/agent-protocol/messages.js';
import type { AgentOptions } from '../options.js';
import type { RunningAgent } from '../start-agent.js';
import { AgentBed } from './test-agent.js';
import { testTask, type TestArtifact, type TestPackage } from './test-package.js';
import { TestTrust } from './test-trust.js';

export interface TrustBed {
  readonly bed: AgentBed;
  readonly trust: TestTrust;
  readonly start: (over?: Partial<AgentOptions>) => Promise<RunningAgent>;
  /** Offers a package as LEONORE does: stated by its publisher, tasked by the director. */
  readonly offer: (deliveryId: string, built: TestPackage, over?: Partial<Task>) => Promise<Report>;
  readonly offerTask: (built: TestPackage, task: Task) => Promise<Report>;
  /** That a delivery was refused for its signatures, and that the gateway has what it had. */
  readonly refused: (report: Promise<Report>, why: RegExp, installed?: readonly string[]) => Promise<void>;
}

export async function trustBed(): Promise<TrustBed> {
  const bed = await AgentBed.create();
  const trust = new TestTrust();
  trust.serveOn(bed.server);
  const offerTask: TrustBed['offerTask'] = (built, task) => {
    bed.server.offer(built, task);
    return bed.server.ending(task.deliveryId);
  };
  return {
    bed,
    trust,
    start: (over = {}) => bed.start({ isolation: 'none', ...over }),
    offer: (deliveryId, built, over = {}) => {
      trust.state(built);
      return offerTask(built, trust.task(testTask(deliveryId, built, over)));
    },
    offerTask,
    refused: async (report, why, installed = []) => {
      const { state, error } = await report;
      expect({ state, class: error?.class, message: error?.message }).toEqual({
        state: 'failed',
        class: 'integrity',
        message: expect.stringMatching(why),
      });
      expect(await bed.store()).toEqual(installed);
      await bed.settled();
    },
  };
}

/** A library that was asked for by itself. */
export const requestedLibrary = (over: Partial<TestArtifact> = {}): TestArtifact => ({
  name: 'lib',
  version: '1.0.0',
  requested: true,
  files: { data: 'data' },
  ...over,
});
