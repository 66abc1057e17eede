import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { PushNotice } from '../../domain/agent-protocol/messages.js';

const attempts = 2;
const retryDelayMs = 250;
const timeoutMs = 5_000;
/** More than this of an answer is never read. */
const maximumAnswerBytes = 4_096;

/** Sends notices to gateways; connections are kept and their number is bounded. */
export class HttpPush {
  private readonly agent = new Agent({
    connections: 32,
    pipelining: 1,
    keepAliveTimeout: 4_000,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });

  /** @returns true when the gateway answered 2xx */
  async send(address: string, notice: PushNotice, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      if (await this.post(address, notice, signal)) return true;
      if (attempt === attempts) return false;
      await delay(retryDelayMs * (0.5 + Math.random()), undefined, { signal });
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async post(address: string, notice: PushNotice, signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await request(address, {
        method: 'POST',
        dispatcher: this.agent,
        signal,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(notice),
      });
      await answer.body.dump({ limit: maximumAnswerBytes });
      return answer.statusCode >= 200 && answer.statusCode < 300;
    } catch {
      // Unreachable for any reason: the offer stays, and the caller counts it. Only an abort ends the work.
      signal.throwIfAborted();
      return false;
    }
  }
}
