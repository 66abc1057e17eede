import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { RegisterResponseSchema } from '../../domain/agent-protocol/messages.js';
import { readStateFile, writeStateFile } from './state-file.js';

const IdentitySchema = Type.Object({
  id: Type.String(),
  /** Marks the processes of this container, see isolation/unit-processes.ts. */
  mark: Type.String({ minLength: 16 }),
  token: Type.Optional(Type.String()),
  /** LEONORE knows the gateway by its key: no enrolment token is needed any more. */
  enrolled: Type.Optional(Type.Boolean()),
  node: Type.Optional(Type.Object({ id: Type.String(), address: Type.String() })),
  strategy: Type.Optional(Type.String()),
  endpoints: RegisterResponseSchema.properties.endpoints,
  pollIntervalSeconds: Type.Optional(Type.Number()),
});

/** Who the gateway is, and where it was told to go. */
export type Identity = Static<typeof IdentitySchema>;

export class IdentityStore {
  constructor(private readonly path: string) {}

  async load(): Promise<Identity | undefined> {
    const value = await readStateFile(this.path);
    return Value.Check(IdentitySchema, value) ? value : undefined;
  }

  async save(identity: Identity): Promise<void> {
    await writeStateFile(this.path, identity, { copied: true });
  }
}
