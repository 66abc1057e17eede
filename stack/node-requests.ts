import type { ChildProcess } from 'node:child_process';
import type { AnswerMessage, ParentRequest, RequestMessage } from '../process/parent.js';

/** What the stack does for those who ask. */
export interface NodeKeeper {
  startNode(id: string, labels: Readonly<Record<string, string>>): Promise<void>;
  stopNode(id: string): Promise<void>;
}

/** Answers the requests of a process of the stack about nodes (process/parent.ts). */
export function serveNodeRequests(child: ChildProcess, keeper: NodeKeeper): void {
  child.on('message', (message: unknown) => {
    if (!isRequest(message)) return;
    const answer = (problem: string | null): void => {
      const reply: AnswerMessage = { type: 'answer', number: message.number, problem };
      // Who has ended since does not wait for it any more.
      if (child.connected) child.send(reply, () => undefined);
    };
    carryOut(message.request, keeper).then(
      () => answer(null),
      (error: unknown) => answer(error instanceof Error ? error.message : String(error)),
    );
  });
}

function carryOut(request: ParentRequest, keeper: NodeKeeper): Promise<void> {
  switch (request.verb) {
    case 'startNode':
      return keeper.startNode(request.nodeId, request.labels);
    case 'stopNode':
      return keeper.stopNode(request.nodeId);
  }
}

function isRequest(message: unknown): message is RequestMessage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'request';
}
