import type { ServerResponse } from 'node:http';
import { LeonoreError } from '../../domain/errors.js';
import type { PushNotice } from '../../domain/agent-protocol/messages.js';

export interface HeldConnectionsOptions {
  /** Connections that are held at once; more gateways are told to come again, and poll meanwhile. */
  readonly most: number;
  /** @throws LeonoreError when the gateway of a token is no longer served here */
  admit(token: string): Promise<string>;
}

interface Held {
  readonly token: string;
  readonly response: ServerResponse;
}

/** Well below what routers and proxies keep a silent connection for, and the server's own limit. */
const beatMs = 25_000;
/** Who has so much not yet taken reads nothing: a notice is some 30 bytes. */
const mostWaitingBytes = 4_096;
const retryAfterSeconds = 30;

/**
 * Connections that gateways hold open to be notified over, as behind NAT (server-sent events).
 *
 * INVARIANTS
 * - A gateway has one; a newer one ends the older.
 * - A connection whose gateway is served here no more, or that takes nothing, is ended: the gateway polls, and comes again.
 */
export class HeldConnections {
  private readonly held = new Map<string, Held>();
  private readonly beating: NodeJS.Timeout;

  constructor(private readonly options: HeldConnectionsOptions) {
    this.beating = setInterval(() => void this.beat(), beatMs);
    this.beating.unref();
  }

  get size(): number {
    return this.held.size;
  }

  /** @throws LeonoreError TOO_MANY_REQUESTS when there is no room for the gateway */
  makeRoom(gatewayId: string): void {
    if (this.held.size < this.options.most || this.held.has(gatewayId)) return;
    throw new LeonoreError('TOO_MANY_REQUESTS', `${this.options.most} connections are held already`, {
      retryAfterSeconds,
    });
  }

  /** Holds a response open, whose headers are this class's to write. */
  hold(gatewayId: string, token: string, response: ServerResponse): void {
    this.held.get(gatewayId)?.response.end();
    const own = { token, response };
    this.held.set(gatewayId, own);
    const forget = (): void => {
      if (this.held.get(gatewayId) === own) this.held.delete(gatewayId);
    };
    response.on('close', forget).on('error', forget);
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(': held\n\n');
  }

  /** @returns whether the gateway holds a connection that takes the notice */
  notify(gatewayId: string, notice: PushNotice): boolean {
    const held = this.held.get(gatewayId);
    return held !== undefined && this.write(gatewayId, held, `data: ${JSON.stringify(notice)}\n\n`);
  }

  close(): void {
    clearInterval(this.beating);
    for (const { response } of this.held.values()) response.end();
    this.held.clear();
  }

  private write(gatewayId: string, { response }: Held, text: string): boolean {
    if (response.destroyed || response.writableLength > mostWaitingBytes) {
      this.held.delete(gatewayId);
      response.destroy();
      return false;
    }
    response.write(text);
    return true;
  }

  /** Keeps connections alive, and ends those of gateways that are served here no more. */
  private async beat(): Promise<void> {
    await Promise.all(
      [...this.held].map(async ([gatewayId, held]) => {
        if (!this.write(gatewayId, held, ': beat\n\n')) return;
        await this.options.admit(held.token).catch((error: unknown) => {
          // What is only busy says nothing of the gateway.
          if (error instanceof LeonoreError && !error.kind.retryable) held.response.end();
          if (error instanceof LeonoreError && error.code === 'NOT_THIS_NODE') held.response.end();
        });
      }),
    );
  }
}
