/**
 * What a process of LEONORE says to the stack that started it. All of it does nothing, or says so, in a process that
 * nobody supervises.
 */

/** The message that tells the stack that a process serves now. */
export interface ReadyMessage {
  readonly type: 'ready';
  /** URL under which the process is reached, when it listens. */
  readonly address?: string;
}

/** What a process may ask of the stack. */
export type ParentRequest =
  | { readonly verb: 'startNode'; readonly nodeId: string; readonly labels: Readonly<Record<string, string>> }
  | { readonly verb: 'stopNode'; readonly nodeId: string };

export interface RequestMessage {
  readonly type: 'request';
  /** Told back with the answer. */
  readonly number: number;
  readonly request: ParentRequest;
}

export interface AnswerMessage {
  readonly type: 'answer';
  readonly number: number;
  /** Null: it was done. */
  readonly problem: string | null;
}

/** Tells the stack that this process serves now. */
export function reportReady(address?: string): void {
  const message: ReadyMessage = address === undefined ? { type: 'ready' } : { type: 'ready', address };
  process.send?.(message);
}

/** Ends this process as SIGTERM would when the stack that started it has died. */
export function exitWithParent(): void {
  if (!process.connected) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // Listening must not keep the process running when all else is done.
  process.channel?.unref();
}

/** True when there is a stack that can be asked. */
export function hasParent(): boolean {
  return process.connected;
}

let requests = 0;

/**
 * Asks the stack for something and waits for the answer.
 * @returns null when it was done, else why not
 */
export function askParent(request: ParentRequest, signal: AbortSignal): Promise<string | null> {
  requests += 1;
  const number = requests;
  return new Promise((resolve, reject) => {
    const done = (): void => {
      process.off('message', look);
      signal.removeEventListener('abort', giveUp);
    };
    const giveUp = (): void => {
      done();
      reject(signal.reason as Error);
    };
    const look = (message: unknown): void => {
      if (!isAnswer(message) || message.number !== number) return;
      done();
      resolve(message.problem);
    };
    process.on('message', look);
    signal.addEventListener('abort', giveUp);
    const message: RequestMessage = { type: 'request', number, request };
    process.send?.(message);
  });
}

function isAnswer(message: unknown): message is AnswerMessage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'answer';
}
