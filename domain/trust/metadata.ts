/**
 * Metadata in the form of The Update Framework (specification 1.0): who may sign what. Files hold one envelope each;
 * what is signed is the canonical JSON of `signed`, members that are not known here too.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { canonicalJson } from '../canonical-json.js';
import { LeonoreError } from '../errors.js';
import type { Sha256 } from '../package-format/package-tables.js';

const KeyId = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Instant = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$' });
const Version = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

const sigPattern = '^[0-9a-f]{128}$';
export const SignatureSchema = Type.Object({ keyid: KeyId, sig: Type.String({ pattern: sigPattern }) });

/** In metadata a signature that is none must not spoil the others: whoever may sign, but need not, could shut everybody out. */
const MetadataSignatureSchema = Type.Object({ keyid: KeyId, sig: Type.String({ maxLength: 10_000 }) });

const KeySchema = Type.Object({
  keytype: Type.Literal('ed25519'),
  scheme: Type.Literal('ed25519'),
  /** The 32 raw bytes in hex. */
  keyval: Type.Object({ public: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
});

const KeysSchema = Type.Record(KeyId, KeySchema);

const holders = {
  keyids: Type.Array(KeyId, { maxItems: 100 }),
  threshold: Type.Integer({ minimum: 1, maximum: 100 }),
};
const HoldersSchema = Type.Object(holders);

const common = { spec_version: Type.String({ pattern: '^1\\.' }), version: Version, expires: Instant };

const RootSchema = Type.Object({
  _type: Type.Literal('root'),
  ...common,
  keys: KeysSchema,
  roles: Type.Object({
    root: HoldersSchema,
    targets: HoldersSchema,
    snapshot: HoldersSchema,
    timestamp: HoldersSchema,
  }),
});

const Pattern = Type.String({ minLength: 1, maxLength: 256, pattern: '^[!-~]+$' });

const DelegationSchema = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100 }),
  ...holders,
  /** The search for who may sign ends here, whether it is signed or not. */
  terminating: Type.Boolean(),
  paths: Type.Array(Pattern, { minItems: 1, maxItems: 1_000 }),
});

const DelegationsSchema = Type.Object({
  keys: KeysSchema,
  roles: Type.Array(DelegationSchema, { maxItems: 1_000 }),
});

const TargetsSchema = Type.Object({
  _type: Type.Literal('targets'),
  ...common,
  targets: Type.Object({}),
  /** Absent: to nobody. */
  delegations: Type.Optional(DelegationsSchema),
  /** Names of artifacts, as patterns, that nobody has to have signed. */
  unsigned: Type.Optional(Type.Array(Pattern, { maxItems: 1_000 })),
  /** Digests of control scripts that packages may have besides those that the gateway knows itself. */
  control: Type.Optional(Type.Array(KeyId, { maxItems: 1_000 })),
});

/** What one file says of another; whoever lists more than its version has it checked. */
const MetaSchema = Type.Object({
  version: Version,
  length: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  /** By algorithm. One is judged here, so that one must be there. */
  hashes: Type.Optional(Type.Object({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) })),
});
const SnapshotSchema = Type.Object({
  _type: Type.Literal('snapshot'),
  ...common,
  /** Of files besides the targets only that they stay is judged. */
  meta: Type.Intersect([
    Type.Object({ 'targets.json': MetaSchema }),
    Type.Record(Type.String(), Type.Object({ version: Version })),
  ]),
});
const TimestampSchema = Type.Object({
  _type: Type.Literal('timestamp'),
  ...common,
  meta: Type.Object({ 'snapshot.json': MetaSchema }),
});

const schemas = {
  root: RootSchema,
  targets: TargetsSchema,
  snapshot: SnapshotSchema,
  timestamp: TimestampSchema,
} as const;

export type RoleName = keyof typeof schemas;
export type Signature = Static<typeof SignatureSchema>;
export type TrustKey = Static<typeof KeySchema>;
export type Holders = Static<typeof HoldersSchema>;
export type Delegation = Static<typeof DelegationSchema>;
export type Delegations = Static<typeof DelegationsSchema>;
export type Meta = Static<typeof MetaSchema>;
export type Root = Static<typeof RootSchema>;
export type Targets = Static<typeof TargetsSchema>;
export type Snapshot = Static<typeof SnapshotSchema>;
export type Timestamp = Static<typeof TimestampSchema>;

/** To whom targets delegate. */
export function delegationsOf({ delegations }: Pick<Targets, 'delegations'>): Delegations {
  return delegations ?? { keys: {}, roles: [] };
}

/** Something that is signed, with its signatures. */
export interface Envelope<Signed> {
  readonly signed: Signed;
  readonly signatures: readonly Signature[];
}

/** What the domain does not compute itself. */
export interface Verifier {
  readonly sha256: Sha256;
  /** Whether an Ed25519 signature (hex) of a message is by the key with these 32 bytes (hex); never throws. */
  readonly verify: (publicKey: string, message: Uint8Array, sig: string) => boolean;
}

/** Bytes of one file of metadata at most: some thousand delegations. */
export const metadataBytes = 1024 * 1024;

const EnvelopeSchemas = Object.fromEntries(
  Object.entries(schemas).map(([role, schema]) => [role, envelopeOf(schema)]),
) as Readonly<Record<RoleName, TSchema>>;

function envelopeOf(signed: TSchema): TSchema {
  return Type.Object({ signed, signatures: Type.Array(MetadataSignatureSchema, { maxItems: 100 }) });
}

/**
 * Reads metadata of one role, without believing it yet.
 *
 * @throws LeonoreError UNTRUSTED when it is not of the agreed form
 */
export function readMetadata(role: 'root', text: string): Envelope<Root>;
export function readMetadata(role: 'targets', text: string): Envelope<Targets>;
export function readMetadata(role: 'snapshot', text: string): Envelope<Snapshot>;
export function readMetadata(role: 'timestamp', text: string): Envelope<Timestamp>;
export function readMetadata(role: RoleName, text: string): Envelope<unknown> {
  if (text.length > metadataBytes) throw untrusted(`${role}: it is larger than ${metadataBytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw untrusted(`${role}: it is not JSON`);
  }
  const schema = EnvelopeSchemas[role];
  if (!Value.Check(schema, value)) {
    const [first] = Value.Errors(schema, value);
    throw untrusted(`${role}${first?.instancePath ?? ''}: ${first?.message ?? 'it has another form'}`);
  }
  const envelope = value as Envelope<unknown>;
  const { signatures } = envelope;
  if (new Set(signatures.map(({ keyid }) => keyid)).size < signatures.length)
    throw untrusted(`${role}: it has two signatures of one key`);
  return envelope;
}

/** Every refusal for want of trust has this one code; the message says why. */
export function untrusted(problem: string): LeonoreError {
  return new LeonoreError('UNTRUSTED', problem);
}

const encoder = new TextEncoder();
const sigForm = new RegExp(sigPattern);

/** The bytes that are signed. */
export function signedBytes(signed: unknown): Uint8Array {
  return encoder.encode(canonicalJson(signed));
}

/** TUF's name of a key: the digest of what it is. */
export function keyIdOf(key: TrustKey, sha256: Sha256): string {
  return sha256(signedBytes(key));
}

/** A public key as metadata holds it. */
export function trustKey(publicKey: string): TrustKey {
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicKey } };
}

/**
 * The keys of a role that have signed a message, each once; null when they are fewer than must. A key counts once, whatever it
 * is called: its name must be that of its content. Signatures that do not hold are as if they were not there.
 */
export function signersOf(
  message: Uint8Array,
  signatures: readonly Signature[],
  { keyids, threshold }: Holders,
  keys: Readonly<Record<string, TrustKey>>,
  { sha256, verify }: Verifier,
): ReadonlySet<string> | null {
  const valid = new Set<string>();
  for (const { keyid, sig } of signatures) {
    const key = Object.hasOwn(keys, keyid) ? keys[keyid] : undefined;
    if (key === undefined || valid.has(keyid) || !keyids.includes(keyid)) continue;
    if (!sigForm.test(sig)) continue;
    if (keyIdOf(key, sha256) === keyid && verify(key.keyval.public, message, sig)) valid.add(keyid);
  }
  return valid.size >= threshold ? valid : null;
}
