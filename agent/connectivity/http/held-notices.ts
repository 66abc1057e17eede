/**
 * Notices over a connection that the gateway holds open, as behind NAT: server-sent events of its node.
 *
 * INVARIANTS
 *  - There is one connection at a time, of the session that was asked with last.
 *  - One that is lost wakes the agent after a pause that grows: it polls then, and with that the connection is tried again.
 */
import { Value } from 'typebox/value';
import { PushNoticeSchema, type PushNotice } from '../../../domain/agent-protocol/messages.js';
import { Backoff } from '../backoff.js';
import type { DeviceSession } from '../connectivity.js';
import type { DeviceClient } from './device-client.js';

export interface HeldNoticesOptions {
  readonly client: Pick<DeviceClient, 'openNotices'>;
  readonly firstRetryMs: number;
  readonly mostRetryMs: number;
  /** Called for each notice, and when the connection is lost. */
  onNotice(notice: PushNotice | null): void;
}

/** A connection that held so long was a good one. */
const goodAfterMs = 60_000;
/** A line of the node has some 30 characters. */
const mostLineLength = 1_024;

export class HeldNotices {
  readonly #backoff: Backoff;
  #session: DeviceSession | null = null;
  #holding: AbortController | null = null;
  #waking: NodeJS.Timeout | undefined;

  constructor(private readonly options: HeldNoticesOptions) {
    this.#backoff = new Backoff({ firstMs: options.firstRetryMs, mostMs: options.mostRetryMs });
  }

  /** Sees that a connection of this session is held, or being opened. */
  keep(session: DeviceSession): void {
    const isSame =
      this.#session?.token === session.token && this.#session.nodeAddress === session.nodeAddress;
    if (isSame && this.#holding !== null) return;
    this.#holding?.abort();
    const holding = new AbortController();
    this.#session = session;
    this.#holding = holding;
    void this.#hold(session, holding);
  }

  close(): void {
    clearTimeout(this.#waking);
    const holding = this.#holding;
    this.#holding = null;
    holding?.abort();
  }

  async #hold(session: DeviceSession, holding: AbortController): Promise<void> {
    const sinceMs = performance.now();
    try {
      const body = await this.options.client.openNotices(session, holding.signal);
      let rest = '';
      for await (const part of body.setEncoding('utf8') as AsyncIterable<string>) {
        const lines = (rest + part).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > mostLineLength) break;
        for (const line of lines) this.#take(line);
      }
    } catch {
      // Whatever it was, the gateway polls, and tries again.
    }
    holding.abort();
    if (this.#holding !== holding) return;
    this.#holding = null;
    if (performance.now() - sinceMs >= goodAfterMs) this.#backoff.reset();
    this.#waking = setTimeout(() => this.options.onNotice(null), this.#backoff.next());
  }

  #take(line: string): void {
    if (!line.startsWith('data:')) return;
    let value: unknown;
    try {
      value = JSON.parse(line.slice('data:'.length));
    } catch {
      return;
    }
    if (Value.Check(PushNoticeSchema, value)) this.options.onNotice(value);
  }
}
