/**
 * `rollout/<id>`: the whole of the paper's process (III-D). Steps i to iii and viii are here; each node's share
 * (iv, v) is a child, which has children of its own for vi and vii.
 *
 * INVARIANTS
 * - It keeps nothing that the database does not have: ids and counts only. Wherever it is ended, reset or lost, a new
 *   one goes on from what the database says is open.
 * - It ends always, by step viii, and never while a delivery is open: what cannot be offered is given up at its time,
 *   and what was offered ends at its chunk's deadline.
 * - What people wish is read from the database at each step; a signal only wakes it.
 */
import {
  CancellationScope,
  condition,
  ContinueAsNew,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  coordinatorQueue,
  summaryText,
  workflowIds,
  type NodeShareInput,
  type PartInput,
  type RolloutInput,
  type RolloutResult,
} from '../domain/orchestration.js';
import { stepTitle } from '../domain/rollout/steps.js';
import type { WithWishes } from './activity-types.js';
import { attributeKeys, partAttributes } from './attributes.js';
import { Children } from './children.js';
import { nodeShare } from './node-share.js';
import {
  describeFailure,
  onCoordinator,
  patiently,
  wasEndedFromOutside,
  type Patience,
  type Tries,
} from './policies.js';
import { RolloutProgress } from './rollout-progress.js';
import { cancelSignal, shareReleasedSignal } from './signals.js';
import { WaitNote } from './wait-note.js';

/** Chunks that a node delivers at once: 16 of 500 gateways keep its handlers busy and its history short. */
const chunkWindow = 16;
/** Shares of one rollout: far below the children that a workflow may have; beyond it a share has several nodes. */
const mostShares = 400;
/** When nothing could be begun, the database is looked at again: at once, then ever more seldom. */
const firstLookMs = 1_000;
const longestLookMs = 5 * 60_000;

export async function rollout(input: RolloutInput): Promise<RolloutResult> {
  const run = new RolloutRun(input);
  setHandler(cancelSignal, () => run.wishToCancel());
  setHandler(shareReleasedSignal, () => run.delegateAnew());
  // `temporal workflow cancel`, or the button of the UI, means the same as our own signal.
  CancellationScope.current().cancelRequested.catch(() => run.wishToCancel());
  return CancellationScope.nonCancellable(() => run.toItsEnd());
}

class RolloutRun {
  private readonly children = new Children<NodeShareInput>();
  private readonly progress: RolloutProgress;
  private readonly part: PartInput;
  private readonly patience: Patience;
  private cancel = false;
  private cancelled = false;
  private released = false;
  private rounds: number;

  constructor(input: RolloutInput) {
    const { rounds = 0, ...rest } = input;
    this.rounds = rounds;
    this.part = { ...rest, giveUpAtMs: input.giveUpAtMs ?? Date.now() + input.deadlineSeconds * 1_000 };
    this.progress = new RolloutProgress(input, (details) => setCurrentDetails(details));
    const note = new WaitNote(input.rolloutId);
    this.patience = {
      // Nobody else tells the end: what is away is waited for without one.
      giveUpAtMs: Number.MAX_SAFE_INTEGER,
      waiting: (what) => {
        this.progress.waitFor(what);
        return note.tell(what);
      },
    };
  }

  wishToCancel(): void {
    this.cancel = true;
  }

  /** A node fell out, or gateways moved: what is not planned yet may be planned elsewhere. */
  delegateAnew(): void {
    this.released = true;
  }

  async toItsEnd(): Promise<RolloutResult> {
    let failure: unknown = null;
    try {
      await this.prepare();
      await this.deliver();
    } catch (error) {
      if (error instanceof ContinueAsNew) throw error;
      failure = describeFailure(error);
    }
    return this.complete(failure);
  }

  /** Steps i and ii: done before, they say what they found. */
  private async prepare(): Promise<void> {
    const { rolloutId } = this.part;
    this.progress.at('i');
    const { artifacts } = await this.step((tries) =>
      onCoordinator('i', tries).checkArtifactAvailable({ rolloutId }),
    );
    this.progress.selected(artifacts);
    if (this.cancel) return;
    this.progress.at('ii');
    const { gateways } = await this.step((tries) =>
      onCoordinator('ii', tries, '30 minutes').resolveDeployment({ rolloutId }),
    );
    this.progress.gateways = gateways;
  }

  /** Steps iii to vii, in rounds, until no delivery is open. */
  private async deliver(): Promise<void> {
    const { rolloutId, giveUpAtMs } = this.part;
    let lookMs = firstLookMs;
    for (let openBefore = Infinity; ;) {
      this.released = false;
      if (this.children.count === 0) this.progress.at('iii');
      const { shares, open } = await this.step((tries) =>
        onCoordinator('iii', tries).groupByNode({ rolloutId }),
      );
      if (open === 0 && this.children.count === 0) return;
      if (this.cancel) await this.cancelAll();
      // A round that came to nothing is not repeated at once.
      const isStuck = open >= openBefore && this.children.count === 0;
      if (isStuck) {
        if (Date.now() >= giveUpAtMs) await this.giveUp(null, pastDeadline());
        await this.renew();
        await condition(() => this.released || this.isCancelNew(), lookMs, {
          summary: `${stepTitle('vii')} — look at the database`,
        });
        lookMs = Math.min(lookMs * 2, longestLookMs);
        openBefore = Infinity;
        continue;
      }
      if (open < openBefore && openBefore !== Infinity) lookMs = firstLookMs;
      openBefore = open;
      if (!this.cancelled || this.children.count === 0) await this.delegate(shares);
      await condition(() => this.released || this.isCancelNew() || this.children.count === 0);
      await this.giveUpFailedShares();
    }
  }

  private isCancelNew(): boolean {
    return this.cancel && !this.cancelled;
  }

  /** Starts a share for each node that has something to do and is not at it. @returns how many were started */
  private async delegate(shares: readonly { nodeId: string; gateways: number }[]): Promise<number> {
    const busy = new Set(this.children.tasks.flatMap(({ nodeIds }) => nodeIds));
    const waiting = shares.filter(({ nodeId }) => !busy.has(nodeId));
    if (waiting.length === 0) return 0;
    this.rounds += 1;
    let started = 0;
    for (const nodes of bundled(waiting, mostShares)) {
      const share = { ...this.part, nodeIds: nodes.map(({ nodeId }) => nodeId), window: chunkWindow };
      if (await this.startShare(share)) {
        started += 1;
        this.progress.delegated(nodes);
      }
    }
    if (started > 0) this.progress.at('iv');
    return started;
  }

  private startShare(share: NodeShareInput): Promise<boolean> {
    const [first = ''] = share.nodeIds;
    return this.children.start(share, () =>
      startChild(nodeShare, {
        workflowId: workflowIds.nodeShare(share.rolloutId, first, this.rounds),
        taskQueue: coordinatorQueue,
        args: [share],
        staticSummary: summaryText(
          `Share of ${share.nodeIds.join(', ')}: ${stepTitle('iv')}, ${stepTitle('v')}`,
        ),
        typedSearchAttributes: partAttributes(share, first),
      }),
    );
  }

  /**
   * What a share could not do is failed with its cause, and the others go on. One that somebody ended in Temporal has
   * not failed: the next round takes up what it left.
   */
  private async giveUpFailedShares(): Promise<void> {
    for (const { task, error } of this.children.takeFailures()) {
      if (wasEndedFromOutside(error)) {
        await this.mended(`the share of ${task.nodeIds.join(', ')} was ended in Temporal`);
        continue;
      }
      await this.giveUp(task.nodeIds, describeFailure(error));
    }
  }

  private async mended(what: string): Promise<void> {
    const { rolloutId } = this.part;
    await this.step(async (tries) => ({
      noted: await onCoordinator('iii', tries).noteMended({ rolloutId, what }),
    }));
  }

  private async giveUp(
    nodeIds: readonly string[] | null,
    failure: { code: string; message: string },
  ): Promise<void> {
    const { rolloutId } = this.part;
    await this.step((tries) => onCoordinator('iii', tries).giveUpUnserved({ rolloutId, nodeIds, failure }));
  }

  private async cancelAll(): Promise<void> {
    const { rolloutId } = this.part;
    await this.step((tries) => onCoordinator('vii', tries).cancelDeliveries({ rolloutId, chunk: null }));
    if (this.cancelled) return;
    this.cancelled = true;
    upsertSearchAttributes([{ key: attributeKeys.state, value: 'cancelling' }]);
    this.progress.cancelling();
    await this.children.cancel();
  }

  /** Step viii. Refused while anything is open: then that is seen to first. */
  private async complete(failed: unknown): Promise<RolloutResult> {
    const { rolloutId } = this.part;
    for (let failure = failed; ;) {
      this.progress.at('viii');
      const { open, ...result } = await this.step((tries) =>
        onCoordinator('viii', tries).completeRollout({ rolloutId, failure }),
      );
      if (open === 0) {
        upsertSearchAttributes([{ key: attributeKeys.state, value: result.state }]);
        this.progress.ended(result);
        return result;
      }
      try {
        await this.deliver();
      } catch (error) {
        if (error instanceof ContinueAsNew) throw error;
        failure ??= describeFailure(error);
        await condition(() => false, longestLookMs, { summary: 'deliveries are open still' });
      }
    }
  }

  /** Does a step, waiting for what is away; takes note of what people wish by now. */
  private async step<T extends object>(work: (tries: Tries) => Promise<T>): Promise<T> {
    const result = await patiently(this.patience, work);
    if ((result as Partial<WithWishes>).cancel === true) this.cancel = true;
    return result;
  }

  /** A history that has grown long is begun anew, while no child is under way. */
  private async renew(): Promise<void> {
    if (!workflowInfo().continueAsNewSuggested || this.children.count > 0) return;
    await continueAsNew<typeof rollout>({ ...this.part, rounds: this.rounds });
  }
}

function pastDeadline(): { code: string; message: string } {
  return {
    code: 'DEADLINE_PASSED',
    message: 'no node could serve the gateway before the deadline of the rollout',
  };
}

/** The shares in at most `most` bundles of neighbours, as even as may be. */
function bundled<T>(shares: readonly T[], most: number): T[][] {
  const size = Math.ceil(shares.length / most);
  const bundles: T[][] = [];
  for (let start = 0; start < shares.length; start += size) bundles.push(shares.slice(start, start + size));
  return bundles;
}
