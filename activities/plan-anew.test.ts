/** What a plan made anew may take away, with what is planned and stored stood in for. */
import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Plan } from '../domain/plan/plan.js';
import { planAnew } from './plan-anew.js';

/** A plan with nothing to build, so that what is done with it shows at once. */
const taking = (...consent: string[]): Plan => ({
  artifacts: [],
  install: [],
  remove: [],
  keep: [],
  downloadSize: 0,
  installedSize: 0,
  peakDisk: 0,
  removeFirst: false,
  tree: [],
  consent,
});

interface Case {
  readonly allowRemove?: boolean;
  readonly consented?: readonly string[];
  readonly plans: readonly Plan[];
}

/** What the planner was asked, and what became of the one gateway, number 7. */
async function planned({ allowRemove, consented = [], plans }: Case) {
  const told: unknown[] = [];
  const tell = (what: string) => async (_anew: unknown, detail: unknown) => {
    told.push([what, detail]);
  };
  const asked: unknown[] = [];
  const deps = {
    rollouts: { get: async () => ({ requests: ['app'], options: { allowRemove } }) },
    gateways: {
      plannable: async function* () {
        yield [
          { ordinal: 7, profile: { id: 'gw-7', hardware: { arch: 'armv7' }, software: { os: 'linux' } } },
        ];
      },
    },
    planner: {
      plan: async (input: { allowRemove: boolean; readPages: () => AsyncIterable<unknown[]> }) => {
        for await (const page of input.readPages()) asked.push([page.length, input.allowRemove]);
        return [{ members: [7], plans, explanation: null, undecided: false }];
      },
    },
    overlaps: { yieldToNewer: async () => 0 },
    replanning: {
      consented: async () => new Map([[7, consented]]),
      satisfied: tell('satisfied'),
      incompatible: tell('incompatible'),
    },
  };
  const activity = planAnew(deps as unknown as Parameters<typeof planAnew>[0]);
  const progress = await new MockActivityEnvironment().run(activity, {
    rolloutId: 'r-1',
    nodeId: 'n-1',
    chunk: 0,
  });
  return { told, asked, progress };
}

test('a plan made anew takes away nothing that was asked for', async () => {
  const { told, asked, progress } = await planned({ plans: [taking('old@1.0.0')] });
  expect(asked).toEqual([[1, false]]);
  expect(told).toEqual([['incompatible', expect.stringContaining('takes away old@1.0.0')]]);
  expect(progress).toEqual({ planned: 1, remaining: 0 });
});

test('it takes a further plan that takes nothing away', async () => {
  const { told } = await planned({ plans: [taking('old@1.0.0'), taking()] });
  expect(told).toEqual([['satisfied', 0]]);
});

test('what the refused plan took away may go', async () => {
  const plans = [taking('old@1.0.0')];
  expect((await planned({ plans, consented: ['old@1.0.0'] })).told).toEqual([['satisfied', 0]]);
  expect((await planned({ plans, consented: ['other@1.0.0'] })).told).toEqual([
    ['incompatible', expect.anything()],
  ]);
});

test('where the rollout allows removals it is planned so, and nothing is held back', async () => {
  const { told, asked } = await planned({ allowRemove: true, plans: [taking('old@1.0.0')] });
  expect(asked).toEqual([[1, true]]);
  expect(told).toEqual([['satisfied', 0]]);
});
