import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorKinds, type ErrorCode } from '../domain/error-kinds.js';
import { LeonoreError } from '../domain/errors.js';
import { textPattern, textRule } from '../domain/text.js';
import { RouteTable } from './route-table.js';

/** Problem details (RFC 9457), the form of every error over HTTP. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** Who has to act. */
  readonly actor: string;
  /** What to do. */
  readonly advice: string;
  readonly retryable: boolean;
  /** Names the request in the log. */
  readonly instance: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Seconds after which a request that could not be served is worth another try. */
const retryAfterSeconds = 2;

/**
 * One of the two places where errors change their form: every failure of a route becomes problem+json. What is not a
 * LeonoreError is logged whole and told as INTERNAL, without its words.
 */
export function installProblems(app: FastifyInstance): void {
  const routes = new RouteTable();
  app.addHook('onRoute', ({ method, url }) => routes.add(method, url));
  app.setErrorHandler((error: unknown, request, reply) =>
    // Where there is no route it does not matter what else is wrong with the request.
    request.is404 && !(error instanceof LeonoreError)
      ? sendNotFound(request, reply)
      : sendProblem(asLeonoreError(error, request), request, reply),
  );
  app.setNotFoundHandler(sendNotFound);

  function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const asked = `${request.method} ${request.url.slice(0, 200)}`;
    const allowed = routes.methodsAt(request.url);
    if (allowed.length === 0) return sendProblem(new LeonoreError('ROUTE_NOT_FOUND', asked), request, reply);
    reply.header('allow', allowed.join(', '));
    return sendProblem(new LeonoreError('METHOD_NOT_ALLOWED', asked), request, reply);
  }
}

/** The answer to what is refused before there is a route: an address that cannot be read. */
export function sendUnroutable(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(asLeonoreError(error, request), request, reply);
}

function sendProblem(error: LeonoreError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, title, actor, advice, retryable } = errorKinds[error.code];
  const problem: Problem = {
    type: `urn:leonore:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    actor,
    advice,
    retryable,
    instance: request.id,
    ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
  };
  const { retryAfterSeconds: told } = error.details;
  if (status === 503 || status === 429)
    reply.header('retry-after', typeof told === 'number' ? told : retryAfterSeconds);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}

function asLeonoreError(error: unknown, request: FastifyRequest): LeonoreError {
  if (error instanceof LeonoreError) {
    if (error.kind.status >= 500) request.log.warn({ err: error }, 'request failed');
    return error;
  }
  const known = fromFastify(error as FastifyError);
  if (known !== null) return known;
  request.log.error({ err: error }, 'unexpected failure');
  return new LeonoreError(
    'INTERNAL',
    'an unexpected failure; the log has it under the instance',
    {},
    { cause: error },
  );
}

/** Fastify's own errors: validation, parsing and size of bodies. */
function fromFastify(error: FastifyError): LeonoreError | null {
  if (error.validation !== undefined) {
    const first = error.validation[0];
    const place = `${error.validationContext ?? 'request'}${first?.instancePath ?? ''}`;
    const extra =
      first?.keyword === 'additionalProperties' ? ` "${String(first.params['additionalProperty'])}"` : '';
    const message =
      first?.params['pattern'] === textPattern ? textRule : `${first?.message ?? 'is malformed'}${extra}`;
    return new LeonoreError('MALFORMED_INPUT', `${place} ${message}`);
  }
  if (error.statusCode === 415) return new LeonoreError('UNSUPPORTED_MEDIA_TYPE', error.message);
  if (error.statusCode === 413) return new LeonoreError('TOO_LARGE', error.message);
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new LeonoreError('MALFORMED_INPUT', error.message);
  }
  return null;
}
