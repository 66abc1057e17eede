import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { coapCodeOf, coapQuery, contentFormats, type CoapProblem } from '../../domain/agent-protocol/coap.js';
import {
  blockAs,
  numberAs,
  writeMessage,
  type Block,
  type CoapMessage,
} from '../../domain/agent-protocol/coap-message.js';
import { devicePaths } from '../../domain/agent-protocol/messages.js';
import { LeonoreError } from '../../domain/errors.js';
import { limits } from '../../domain/limits.js';
import { isPlainToken } from '../../trust/plain-token.js';
import type { DeviceService } from '../device-service.js';
import type { CoapAnswer, CoapRequest } from './coap-socket.js';
import { answerWith, formOf, type Content } from './content.js';
import type { DeviceResources } from './device-resources.js';
import { readRequest, type ReadRequest } from './read-request.js';
import { RequestBodies } from './request-bodies.js';

/** Answers of which parts are still to be fetched; who comes later is judged, and answered, anew. */
const keptBytes = 16 * 1024 * 1024;
const keptMs = 60_000;
/** Bodies that gateways have begun to send; and registrations, which anybody may begin. */
const begunBytes = { proven: 32 * 1024 * 1024, unproven: 4 * 1024 * 1024 };
/** Characters of a problem's detail: it has to fit one datagram. */
const detailLength = 500;

/**
 * Answers requests: who sends one is proven first, then its body is put together, then it is carried out, then as much is sent as
 * was asked for.
 *
 * INVARIANT: who has not proven anything is answered by no more bytes than he sent, and has nothing kept for him but the
 * blocks of a registration.
 */
export class RequestAnswerer {
  private readonly kept = new LRUCache<string, Content>({
    maxSize: keptBytes,
    ttl: keptMs,
    sizeCalculation: ({ heldBytes }) => heldBytes + 512,
  });
  private readonly bodies = {
    proven: new RequestBodies(begunBytes.proven),
    unproven: new RequestBodies(begunBytes.unproven),
  };

  constructor(
    private readonly service: Pick<DeviceService, 'admitted'>,
    private readonly resources: DeviceResources,
    private readonly logger: Logger,
  ) {}

  async answer(request: CoapRequest): Promise<CoapAnswer> {
    const read = readRequest(request.message);
    if ('refused' in read) return { code: read.refused };
    const proof = { isGiven: false };
    let answer: CoapAnswer;
    try {
      answer = await this.carryOut(read, request, proof);
    } catch (error) {
      answer = await this.problem(error, read.accepts);
      // Only to whom a gateway's token is known it is said that another node has it.
      proof.isGiven ||= error instanceof LeonoreError && error.code === 'NOT_THIS_NODE';
    }
    return proof.isGiven ? answer : noLongerThan(request, answer);
  }

  /** @param proof told when the request has proven whose it is */
  private async carryOut(
    read: ReadRequest,
    { peer, message: { payload } }: CoapRequest,
    proof: { isGiven: boolean },
  ): Promise<CoapAnswer> {
    const { method, path, block2 } = read;
    const token = read.query.get(coapQuery.token) ?? '';
    if (method !== 'POST' || path !== devicePaths.register) {
      await this.admit(token);
      proof.isGiven = true;
    }
    if (read.accepts !== null && !answerable.has(read.accepts)) return { code: '4.06' };
    const key = `${peer.address} ${peer.port} ${method} ${path} ${token}`;
    if (block2 !== null && block2.number > 0) {
      const kept = this.kept.get(key);
      proof.isGiven ||= kept !== undefined;
      if (kept !== undefined) return answerWith(kept, block2);
      if (method !== 'GET') return { code: '4.08' };
    }
    const block1 = method === 'GET' ? null : read.block1;
    const body =
      block1 === null ? payload : this.bodyWith({ key, block1, payload, read, isProven: proof.isGiven });
    if ('code' in body) return body;
    const content = await this.resources.answer({ ...read, token, body, address: peer.address });
    proof.isGiven = true;
    const answer = await answerWith(content, block2);
    if (isInBlocks(answer)) this.kept.set(key, content);
    if (block1 === null) return answer;
    return { ...answer, options: [...(answer.options ?? []), blockAs('Block1', block1)] };
  }

  /** @throws LeonoreError UNAUTHENTICATED, NOT_THIS_NODE */
  private async admit(token: string): Promise<void> {
    if (!isPlainToken(token))
      throw new LeonoreError('UNAUTHENTICATED', 'over CoAP a token is sent in its plain form');
    await this.service.admitted(token);
  }

  /** @returns the body when the block is its last; else how the block is answered */
  private bodyWith(sent: {
    readonly key: string;
    readonly block1: Block;
    readonly payload: Buffer;
    readonly read: ReadRequest;
    readonly isProven: boolean;
  }): Buffer | CoapAnswer {
    const { key, block1, payload, read, isProven } = sent;
    const bodies = isProven ? this.bodies.proven : this.bodies.unproven;
    const isAnnouncedTooLarge = (read.sizeBytes ?? 0) > limits.deviceBodyBytes;
    const received = isAnnouncedTooLarge
      ? ({ kind: 'tooLarge' } as const)
      : bodies.take(key, block1, payload, limits.deviceBodyBytes);
    switch (received.kind) {
      case 'whole':
        return received.body;
      case 'continue':
        return { code: '2.31', options: [blockAs('Block1', block1)] };
      case 'incomplete':
        return { code: '4.08' };
      case 'tooLarge':
        return { code: '4.13', options: [numberAs('Size1', limits.deviceBodyBytes)] };
    }
  }

  /** One of the places where errors change their form. */
  private async problem(error: unknown, accepts: number | null): Promise<CoapAnswer> {
    if (!(error instanceof LeonoreError)) this.logger.error({ err: error }, 'unexpected failure');
    const { code, kind, message, details } =
      error instanceof LeonoreError ? error : new LeonoreError('INTERNAL', 'an unexpected failure');
    const told = details['retryAfterSeconds'];
    const retryAfterSeconds = typeof told === 'number' ? { retryAfterSeconds: told } : {};
    const problem: CoapProblem = {
      ...{ status: kind.status, code, detail: message.slice(0, detailLength).toWellFormed() },
      ...retryAfterSeconds,
    };
    const content = formOf(accepts, coapCodeOf(kind.status), problem);
    const options = typeof told === 'number' ? [numberAs('Max-Age', Math.ceil(told))] : [];
    return answerWith({ ...content, etag: null, options }, null);
  }
}

const answerable: ReadonlySet<number> = new Set(Object.values(contentFormats));

function isInBlocks({ options = [] }: CoapAnswer): boolean {
  return options.some(({ name }) => name === 'Block2');
}

function noLongerThan({ message, sizeBytes }: CoapRequest, answer: CoapAnswer): CoapAnswer {
  const { token, messageId } = message;
  const { code, options = [], payload = Buffer.alloc(0) } = answer;
  const written: CoapMessage = { type: 'acknowledgement', messageId, token, code, options, payload };
  if (writeMessage(written).length <= sizeBytes) return answer;
  const short = options.filter(({ name }) => name === 'Max-Age' || name === 'Block1');
  return writeMessage({ ...written, options: short, payload: Buffer.alloc(0) }).length <= sizeBytes
    ? { code, options: short }
    : { code };
}
