import type { LaunchedNode, NodeLauncher } from '../../activities/node-launcher.js';
import { LeonoreError } from '../../domain/errors.js';
import { askParent, hasParent, type ParentRequest } from '../../process/parent.js';

/**
 * Nodes as processes of this machine. The stack that started this process starts them, so that they outlive a
 * coordinator that is killed, are kept up as its other processes are, and end with it.
 */
export class ProcessLauncher implements NodeLauncher {
  async launch({ id, labels }: LaunchedNode, signal: AbortSignal): Promise<void> {
    await this.ask({ verb: 'startNode', nodeId: id, labels }, signal);
  }

  async destroy(nodeId: string, signal: AbortSignal): Promise<boolean> {
    await this.ask({ verb: 'stopNode', nodeId }, signal);
    return true;
  }

  private async ask(request: ParentRequest, signal: AbortSignal): Promise<void> {
    if (!hasParent()) {
      throw new LeonoreError(
        'LAUNCH_FAILED',
        'the launcher "process" works within `leonore up` only; set LEONORE_LAUNCHER to command or kubernetes',
      );
    }
    const problem = await askParent(request, signal);
    if (problem !== null) throw new LeonoreError('LAUNCH_FAILED', problem);
  }
}
