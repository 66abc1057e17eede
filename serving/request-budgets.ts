import { createHash } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LeonoreError } from '../domain/errors.js';
import { limits } from '../domain/limits.js';
import { bearerToken } from './bearer-token.js';
import { sessionCookie } from './cookies.js';

/** Requests that are answered within {@link limits.budgetWindowMs}; more are told to come again. */
export interface RequestBudgets {
  /** Of one token, or one session of a browser, whether or not it is a valid one. */
  readonly caller: number;
  /** Of one address: a whole fleet may be behind it. */
  readonly address: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Many send the same token: their requests are counted by address alone. */
    readonly tokenIsShared?: boolean;
  }
}

/**
 * Counts the requests of each token and of each address, before anything of them is read or looked up. Who has used up its
 * budget is told when to come again, and takes nothing from the others.
 */
export function installBudgets(app: FastifyInstance, budgets: RequestBudgets): void {
  void app.register(rateLimit, { global: false, cache: limits.countedCallers });
  const ofWindow = { timeWindow: limits.budgetWindowMs, cache: limits.countedCallers };
  void app.after(() => {
    const byAddress = app.createRateLimit({ ...ofWindow, max: budgets.address });
    const byCaller = app.createRateLimit({ ...ofWindow, max: budgets.caller, keyGenerator: callerOf });
    app.addHook('onRequest', async (request) => {
      await spend(byAddress, request, 'address');
      const { tokenIsShared = false } = request.routeOptions.config;
      const { authorization, cookie } = request.headers;
      if (!tokenIsShared && (authorization !== undefined || sessionCookie(cookie) !== null))
        await spend(byCaller, request, 'caller');
    });
  });
}

async function spend(
  count: ReturnType<FastifyInstance['createRateLimit']>,
  request: FastifyRequest,
  whose: keyof RequestBudgets,
): Promise<void> {
  const spent = await count(request);
  if (spent.isAllowed || !spent.isExceeded) return;
  throw new LeonoreError('TOO_MANY_REQUESTS', `this ${whose} has sent ${spent.max} requests already`, {
    retryAfterSeconds: Math.max(1, spent.ttlInSeconds),
  });
}

/** Of a fixed length, however long the header is. */
function callerOf({ headers }: FastifyRequest): string {
  return createHash('sha256')
    .update(
      headers.authorization === undefined
        ? (sessionCookie(headers.cookie) ?? '')
        : (bearerToken(headers.authorization) ?? ''),
    )
    .digest('base64');
}
