/**
 * `rollout/<id>/node/<node>/<round>`: one node's share: compatibility and groups (iv), packages (v), then its
 * deliveries in chunks (vi, vii) through a sliding window. In a rollout with very many nodes, the shares of a few.
 *
 * INVARIANT: it begins from what the database says is open, and whatever it leaves the rollout's next round takes up.
 */
import {
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import {
  coordinatorQueue,
  summaryText,
  workflowIds,
  type DeliverChunkInput,
  type NodeShareInput,
} from '../domain/orchestration.js';
import { stepTitle } from '../domain/rollout/steps.js';
import { partAttributes } from './attributes.js';
import { Children } from './children.js';
import { deliverChunk } from './deliver-chunk.js';
import { askAfter, NodeGone } from './ask-after-node.js';
import {
  onCoordinator,
  onNode,
  patiently,
  wasEndedFromOutside,
  type Asking,
  type Patience,
} from './policies.js';
import { cancelSignal, shareReleasedSignal } from './signals.js';
import { WaitNote } from './wait-note.js';
import { counted } from '../domain/units.js';

/** Between two looks at packages that somebody else is building, doubled each time. */
const firstTurnMs = 1_000;
const longestTurnMs = 30_000;

export async function nodeShare(input: NodeShareInput): Promise<void> {
  const share = new Share(input);
  // Whom it must tell, it tells even when it was cancelled itself: nothing leaves a scope that was.
  setHandler(cancelSignal, () => CancellationScope.nonCancellable(() => share.cancel()));
  // What somebody cancels in Temporal alone is cancelled as if the rollout were, as far as this share goes.
  CancellationScope.current().cancelRequested.catch(() =>
    CancellationScope.nonCancellable(() => share.cancelAlone()),
  );
  await CancellationScope.nonCancellable(() => share.toItsEnd());
}

class Share {
  private readonly chunks = new Children<DeliverChunkInput>();
  private readonly lines = new Map<string, string>();
  private readonly patience: Patience;
  private cancelled = false;
  private away: string | null = null;

  constructor(private readonly input: NodeShareInput) {
    const note = new WaitNote(input.rolloutId);
    this.patience = {
      giveUpAtMs: input.giveUpAtMs,
      waiting: (what) => {
        this.away = what;
        this.show();
        return note.tell(what);
      },
    };
  }

  async cancel(): Promise<void> {
    this.cancelled = true;
    await this.chunks.cancel();
  }

  /** Somebody cancelled this share in Temporal: its chunks are cancelled in the same way. */
  async cancelAlone(): Promise<void> {
    this.cancelled = true;
    const chunks = this.chunks.tasks.map(({ rolloutId, chunk }) =>
      workflowIds.deliverChunk(rolloutId, chunk),
    );
    await Promise.allSettled(chunks.map((id) => getExternalWorkflowHandle(id).cancel()));
  }

  async toItsEnd(): Promise<void> {
    const served = await Promise.allSettled(this.input.nodeIds.map((nodeId) => this.serve(nodeId)));
    // A chunk that fails leaves its deliveries open: the next round of the rollout, or their deadline, sees to them.
    await condition(() => this.chunks.count === 0);
    await this.tellOfEndedChunks();
    const failed = served.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  private async tellOfEndedChunks(): Promise<void> {
    const { rolloutId } = this.input;
    for (const { task, error } of this.chunks.takeFailures()) {
      if (!wasEndedFromOutside(error)) continue;
      const what = `chunk ${task.chunk} was ended in Temporal`;
      await patiently(this.patience, (tries) => onCoordinator('vii', tries).noteMended({ rolloutId, what }));
    }
  }

  private async serve(nodeId: string): Promise<void> {
    const { rolloutId } = this.input;
    try {
      const analysed = await this.byNode(nodeId, 'iv', (asking) =>
        onNode('plan', nodeId, 'iv', asking).analyzeCompatibility({ rolloutId, nodeId }),
      );
      this.tell(
        nodeId,
        `${stepTitle('v')} — ${counted(analysed.groups, 'group')} for ${counted(analysed.gateways, 'gateway')}, ${analysed.incompatible} incompatible`,
      );
      await this.buildAndDeliver(nodeId);
    } catch (error) {
      if (!(error instanceof NodeGone)) throw error;
      await getExternalWorkflowHandle(workflowIds.rollout(rolloutId)).signal(shareReleasedSignal);
    }
  }

  /** Step v in turns; what is ready is delivered while the next is being built. */
  private async buildAndDeliver(nodeId: string): Promise<void> {
    const { rolloutId } = this.input;
    const started = new Set<number>();
    const ready = await this.byNode(nodeId, 'v', (asking) =>
      onNode('plan', nodeId, 'v', asking).reusePackages({ rolloutId, nodeId }),
    );
    await this.deliver(nodeId, ready.chunks, started);
    let turnMs = firstTurnMs;
    for (let { remaining } = ready; remaining > 0 && !this.cancelled;) {
      const built = await this.byNode(nodeId, 'v', (asking) =>
        onNode('build', nodeId, 'v', asking).buildPackages({ rolloutId, nodeId }),
      );
      remaining = built.remaining;
      this.tell(nodeId, `${stepTitle('v')} — ${started.size} chunks, ${remaining} groups still to build`);
      await this.deliver(nodeId, built.chunks, started);
      if (remaining === 0) return;
      if (built.built + built.failed > 0) turnMs = firstTurnMs;
      else {
        await sleep(turnMs, { summary: 'a package is being built elsewhere' });
        turnMs = Math.min(turnMs * 2, longestTurnMs);
      }
      await this.renew();
    }
  }

  private async deliver(
    nodeId: string,
    chunks: readonly { chunk: number; size: number }[],
    started: Set<number>,
  ): Promise<void> {
    const { nodeIds, window, ...part } = this.input;
    for (const { chunk, size } of chunks) {
      if (started.has(chunk)) continue;
      await condition(() => this.chunks.count < window * nodeIds.length);
      started.add(chunk);
      const task: DeliverChunkInput = { ...part, nodeId, chunk, size };
      await this.chunks.start(task, () =>
        startChild(deliverChunk, {
          workflowId: workflowIds.deliverChunk(part.rolloutId, chunk),
          taskQueue: coordinatorQueue,
          args: [task],
          staticSummary: summaryText(`Chunk ${chunk}, ${counted(size, 'gateway')} of ${nodeId}`),
          typedSearchAttributes: partAttributes(part, nodeId),
        }),
      );
      this.tell(nodeId, `${stepTitle('vi')} — ${started.size} chunks`);
    }
  }

  /** @throws NodeGone when the node is, and its gateways have moved */
  private byNode<T>(nodeId: string, step: 'iv' | 'v', work: (asking: Asking) => Promise<T>): Promise<T> {
    const { rolloutId } = this.input;
    return patiently(this.patience, (tries) => askAfter({ rolloutId, nodeId, step }, tries, work));
  }

  private tell(nodeId: string, line: string): void {
    this.lines.set(nodeId, line);
    this.show();
  }

  private show(): void {
    const named = [...this.lines].map(([nodeId, line]) =>
      this.input.nodeIds.length === 1 ? line : `- ${nodeId}: ${line}`,
    );
    setCurrentDetails([...named, ...(this.away === null ? [] : ['', `waiting for ${this.away}`])].join('\n'));
  }

  /** Handles of children do not survive: those under way are waited for, then it goes on with what is left. */
  private async renew(): Promise<void> {
    if (!workflowInfo().continueAsNewSuggested || this.input.nodeIds.length > 1) return;
    await condition(() => this.chunks.count === 0);
    if (!this.cancelled) await continueAsNew<typeof nodeShare>(this.input);
  }
}
