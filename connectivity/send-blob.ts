import type { FastifyReply, FastifyRequest } from 'fastify';
import { wantedRange } from '../serving/byte-range.js';
import type { BlobStore } from '../repositories/blob-store.js';

/** Content of the blob store as a request is answered with it. */
export interface SentBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Its media type. */
  readonly type: string;
}

/** Answers with content, or with the part of it that the request asks for; its digest is its strong ETag. */
export async function sendBlob(
  { headers, method }: Pick<FastifyRequest, 'headers' | 'method'>,
  reply: FastifyReply,
  blobs: BlobStore,
  { sha256, sizeBytes, type }: SentBlob,
): Promise<FastifyReply> {
  const etag = `"${sha256}"`;
  const wanted = wantedRange(headers, sizeBytes, etag);
  reply.headers({ etag, 'accept-ranges': 'bytes', 'content-type': type, 'cache-control': 'private' });
  if (method === 'HEAD') return reply.header('content-length', sizeBytes).send();
  // Wanted by many at the same time: from memory there is one copy to the socket, as from a static file server.
  const whole = await blobs.inMemory(sha256);
  switch (wanted.kind) {
    case 'unsatisfiable':
      return reply.code(416).header('content-range', `bytes */${sizeBytes}`).send();
    case 'part': {
      const { start, end } = wanted;
      reply.code(206).headers({
        'content-range': `bytes ${start}-${end}/${sizeBytes}`,
        'content-length': end - start + 1,
      });
      return reply.send(whole?.subarray(start, end + 1) ?? (await blobs.open(sha256, { start, end })));
    }
    case 'whole':
      return reply.header('content-length', sizeBytes).send(whole ?? (await blobs.open(sha256)));
  }
}
