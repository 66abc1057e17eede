/**
 * Follows what changes for the gateways of one node, whoever changes it: PostgreSQL announces it (NOTIFY, by the
 * triggers of migration gateway_changes) the moment that the change is committed.
 *
 * INVARIANTS
 * - Between `connected` and `disconnected` no change goes unannounced: PostgreSQL queues announcements for a session
 *   that listens, and a session that is lost is noticed by its socket or, at the latest, by the next question.
 * - Nothing is announced before `connected` or after `disconnected`.
 */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export interface GatewayChangesListener {
  /** From now on every change is announced. */
  connected(): void;
  /** Announcements may be missing from now on. */
  disconnected(error: unknown): void;
  /** Token, node, state, profile wish or task of a gateway have changed. */
  changed(gatewayId: string): void;
}

const firstDelayMs = 200;
const maximumDelayMs = 5_000;
/** How often the connection is asked whether it is still there. */
const askEveryMs = 5_000;
const answerWithinMs = 5_000;

export class GatewayChanges {
  private readonly closing = new AbortController();
  private readonly following: Promise<void>;

  /** @param url of the database; the connection must be a session of its own, not one of a transaction pooler */
  constructor(
    private readonly url: string,
    private readonly nodeId: string,
    private readonly listener: GatewayChangesListener,
  ) {
    this.following = this.follow();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.following;
  }

  private async follow(): Promise<void> {
    const { signal } = this.closing;
    let delayMs = firstDelayMs;
    while (!this.isClosing()) {
      const client = new pg.Client({
        connectionString: this.url,
        keepAlive: true,
        connectionTimeoutMillis: answerWithinMs,
        query_timeout: answerWithinMs,
      });
      try {
        await this.listen(client, () => {
          delayMs = firstDelayMs;
        });
      } catch (error) {
        if (!this.isClosing()) this.listener.disconnected(error);
      }
      await client.end().catch(() => undefined);
      if (this.isClosing()) return;
      await delay(delayMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, maximumDelayMs);
    }
  }

  private isClosing(): boolean {
    return this.closing.signal.aborted;
  }

  /** Listens until the connection is lost. @throws what it was lost by */
  private async listen(client: pg.Client, heard: () => void): Promise<void> {
    const { signal } = this.closing;
    let abandon: () => void = () => undefined;
    const lost = new Promise<never>((_resolve, reject) => {
      client.on('error', reject);
      client.on('end', () => reject(new Error('the connection that listens has ended')));
      abandon = () => reject(signal.reason as Error);
      signal.addEventListener('abort', abandon);
    });
    lost.catch(() => undefined);
    client.on('notification', ({ payload }) => {
      // What one statement changes is announced together, an id a line.
      for (const id of payload?.split('\n') ?? []) this.listener.changed(id);
    });
    try {
      await Promise.race([client.connect(), lost]);
      await Promise.race([client.query(`LISTEN ${channelOf(this.nodeId)}`), lost]);
      heard();
      this.listener.connected();
      for (;;) {
        await Promise.race([delay(askEveryMs, undefined, { signal }), lost]);
        await Promise.race([client.query('SELECT 1'), lost]);
      }
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }
}

/** As the triggers name it: a name of any length and alphabet does not make a channel. */
function channelOf(nodeId: string): string {
  return `leonore_node_${createHash('md5').update(nodeId).digest('hex')}`;
}
