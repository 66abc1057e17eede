import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { limits } from '../domain/limits.js';
import type { NewAuditEntry } from '../repositories/audit-repository.js';
import { lookAt } from './audited-subjects.js';
import type { ApiContext } from './context.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Though it is sent as what changes something: it only asks, and is not audited. */
    readonly changesNothing?: true;
  }
}

const reads = new Set(['GET', 'HEAD']);
const prefix = '/api/v1/';

/**
 * Notes every change that a principal asks for: before it is made, with who asks, from where, and how what it is about looks;
 * and what came of it, before that is answered. A change that cannot be noted is not made.
 */
export function installAudit(app: FastifyInstance, { repositories }: Pick<ApiContext, 'repositories'>): void {
  const { audit } = repositories;
  const entries = new WeakMap<FastifyRequest, { readonly id: string; readonly subject: string }>();

  app.addHook('preHandler', async (request) => {
    const { role, changesNothing = false } = request.routeOptions.config;
    if (role === undefined || role === 'anybody' || changesNothing || reads.has(request.method)) return;
    const subject = subjectOf(request);
    const before = await lookAt(request.repositories, subject);
    const id = await audit.begin({ ...factsOf(request), subject, before });
    entries.set(request, { id, subject });
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const entry = entries.get(request);
    if (entry === undefined) return payload;
    // Errors are sent once more when sending them fails.
    entries.delete(request);
    try {
      const isDone = reply.statusCode < 400;
      const made = isDone ? madeBy(request, reply) : null;
      const after = isDone ? await lookAt(request.repositories, made ?? entry.subject) : null;
      await audit.end(entry.id, {
        status: reply.statusCode,
        code: isDone ? null : codeOf(payload),
        made,
        after,
      });
    } catch (error) {
      // It is done by now, and the entry says that it was asked for.
      request.log.warn({ err: error, auditEntry: entry.id }, 'what came of a change is not in the audit');
    }
    return payload;
  });
}

function factsOf(request: FastifyRequest): Omit<NewAuditEntry, 'subject' | 'before'> {
  const { id, principal, ip, routeOptions } = request;
  const { operationId = '' } = (routeOptions.schema ?? {}) as { operationId?: string };
  return {
    requestId: id,
    principalId: principal.id,
    principal: principal.name,
    address: ip,
    action: operationId,
    asked: withoutSecrets(request.body) ?? queryOf(request),
  };
}

/** What was asked for in the address alone. */
function queryOf({ query }: FastifyRequest): object | null {
  const asked = { ...(query as object) };
  return Object.keys(asked).length === 0 ? null : asked;
}

/** What the address names, as it is below the prefix: `gateways/gw-1` of all that changes that gateway. */
function subjectOf({ routeOptions, params }: FastifyRequest): string {
  const words = (routeOptions.url ?? '').slice(prefix.length).split('/');
  const values = params as Readonly<Record<string, string>>;
  const last = words.findLastIndex((word) => word.startsWith(':'));
  return words
    .slice(0, last === -1 ? 1 : last + 1)
    .map((word) => (word.startsWith(':') ? (values[word.slice(1)] ?? '') : word))
    .join('/');
}

/** What a request made that named nothing: by the address that the answer says it has, or by its name. */
function madeBy(request: FastifyRequest, reply: FastifyReply): string | null {
  if (Object.keys(request.params as object).length > 0) return null;
  const location = reply.getHeader('location');
  if (typeof location === 'string' && location.startsWith(prefix))
    return location.slice(prefix.length).replace(/^(\w+)\?\w+=/, '$1/');
  const { name } = (request.body ?? {}) as { name?: unknown };
  return typeof name === 'string' ? `${subjectOf(request)}/${name}` : null;
}

/** A body as it is kept: what is said to be secret is not; of a long one its beginning. */
function withoutSecrets(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Object.getPrototypeOf(body) !== Object.prototype)
    return null;
  const { secret, set } = body as { secret?: unknown; set?: object };
  const kept =
    secret === true && set !== undefined
      ? { ...body, set: Object.fromEntries(Object.keys(set).map((key) => [key, '(secret)'])) }
      : body;
  const text = JSON.stringify(kept);
  return text.length <= limits.auditedBytes
    ? kept
    : { cutShort: Array.from(text.slice(0, limits.auditedBytes)).slice(0, -1).join('') };
}

function codeOf(payload: unknown): string | null {
  if (typeof payload !== 'string') return null;
  const { code } = JSON.parse(payload) as { code?: unknown };
  return typeof code === 'string' ? code : null;
}
