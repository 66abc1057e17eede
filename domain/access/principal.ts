import type { Grant } from './grant.js';

/** Who acts: a person or a service, known by a token. */
export interface Principal {
  /** The same for the same token, and telling nothing of it. */
  readonly id: string;
  /** As people know it. */
  readonly name: string;
  readonly grants: readonly Grant[];
}
