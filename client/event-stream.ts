import { EventReader } from './event-reader.js';

/** What is said in an event, without its id. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events from bytes as they come; one that the end cuts off is dropped, as the specification says. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = new EventReader();
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    for (const { event, data } of reader.push(decoder.decode(chunk, { stream: true }))) yield { event, data };
  }
}
