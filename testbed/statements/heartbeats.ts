import type pg from 'pg';

/** Keeps the nodes of a seeded database alive that have no process: all but the one of the stack. */
export interface Heartbeats {
  /** Some of them die: so many of the last ones are heard of no more. @returns their ids */
  silence(count: number): Promise<string[]>;
  stop(): void;
}

const everyMs = 1_000;

/** @param own id of the node that gets a process, and that nobody must be at when it enters */
export async function startHeartbeats(client: pg.Client, own: string): Promise<Heartbeats> {
  await client.query(`UPDATE node SET heartbeat_at = now() - interval '1 hour' WHERE id = $1`, [own]);
  let dead: string[] = [];
  const beat = (): Promise<unknown> =>
    client
      .query(
        `UPDATE node SET heartbeat_at = now() WHERE address LIKE 'http://127.0.0.1:1/%' AND id <> ALL ($1::text[])`,
        [[own, ...dead]],
      )
      // The database goes before the timer does when a run is interrupted.
      .catch(() => undefined);
  const timer = setInterval(() => void beat(), everyMs);
  return {
    async silence(count) {
      const { rows } = await client.query<{ id: string }>(
        `SELECT id FROM node WHERE address LIKE 'http://127.0.0.1:1/%' ORDER BY id DESC LIMIT $1`,
        [count],
      );
      dead = rows.map(({ id }) => id);
      return dead;
    },
    stop: () => clearInterval(timer),
  };
}
