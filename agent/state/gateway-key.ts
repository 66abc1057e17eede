/**
 * The gateway's own key (docs/agent-protocol.md, identity): made here at the first start, and never sent.
 *
 * INVARIANTS
 *  - The key is on the disk before anything is proved by it.
 *  - A counter is on the disk before it is sent, unless the disk takes nothing: then the server tells how far it was.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { proofHeaders, proofText } from '../../domain/agent-protocol/registration-proof.js';
import { rawPublicKey } from '../../trust/ed25519.js';
import type { Log } from './bounded-log.js';
import { readStateFile, writeStateFile } from './state-file.js';
import { messageOf } from './system-error.js';

const KeySchema = Type.Object({
  /** The gateway whose key it is: under another id the device is another gateway. */
  gatewayId: Type.String(),
  /** PKCS #8, in base64. */
  privateKey: Type.String(),
  /** The last one that was sent. */
  counter: Type.Integer({ minimum: 0 }),
});

type StoredKey = Static<typeof KeySchema>;

/** Where a key is kept. */
interface KeyStore {
  load(): Promise<StoredKey | undefined>;
  save(key: StoredKey): Promise<void>;
}

/** In a file of mode 0600, with a second copy: a key that is lost has to be readmitted by a person. */
function keyFile(path: string): KeyStore {
  return {
    async load() {
      const value = await readStateFile(path);
      return Value.Check(KeySchema, value) ? value : undefined;
    },
    save: (key) => writeStateFile(path, key, { copied: true }),
  };
}

/** For gateways that live in memory alone. */
export const noKeyStore: KeyStore = {
  load: () => Promise.resolve(undefined),
  save: () => Promise.resolve(),
};

export class GatewayKey {
  /** How it is named in messages. */
  readonly text: string;
  #counter: number;

  private constructor(
    private readonly gatewayId: string,
    private readonly privateKey: KeyObject,
    counter: number,
    private readonly store: KeyStore,
    private readonly onUnsaved: (error: unknown) => void,
  ) {
    this.text = `ed25519:${rawPublicKey(createPublicKey(privateKey)).toString('base64url')}`;
    this.#counter = counter;
  }

  /**
   * The key of a gateway; made when there is none.
   * @param onUnsaved told when a counter cannot be kept
   * @throws when a new key cannot be kept: without it the gateway would have to be readmitted after its next start
   */
  static async open(
    gatewayId: string,
    store: KeyStore,
    onUnsaved: (error: unknown) => void = () => undefined,
  ): Promise<GatewayKey> {
    const known = await store.load();
    if (known?.gatewayId === gatewayId) {
      const privateKey = createPrivateKey({
        key: Buffer.from(known.privateKey, 'base64'),
        format: 'der',
        type: 'pkcs8',
      });
      return new GatewayKey(gatewayId, privateKey, known.counter, store, onUnsaved);
    }
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = new GatewayKey(gatewayId, privateKey, 0, store, onUnsaved);
    await key.#save();
    return key;
  }

  /** Headers that prove a registration. @param body as it is sent */
  async prove(body: string): Promise<Record<string, string>> {
    this.#counter += 1;
    const counter = this.#counter;
    await this.#save().catch(this.onUnsaved);
    const message = proofText({
      gatewayId: this.gatewayId,
      key: this.text,
      counter,
      bodySha256: createHash('sha256').update(body).digest('hex'),
    });
    return {
      [proofHeaders.key]: this.text,
      [proofHeaders.counter]: String(counter),
      [proofHeaders.proof]: sign(null, Buffer.from(message), this.privateKey).toString('base64url'),
    };
  }

  /** Goes on from what the server has, when that is further: a copy of this disk, or one that lost a write. */
  continueFrom(lastCounter: number): void {
    this.#counter = Math.max(this.#counter, lastCounter);
  }

  #save(): Promise<void> {
    return this.store.save({
      gatewayId: this.gatewayId,
      privateKey: this.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
      counter: this.#counter,
    });
  }
}

/** The key of a gateway that is kept in a file; undefined as long as the disk takes none. */
export async function openKey(gatewayId: string, path: string, log: Log): Promise<GatewayKey | undefined> {
  try {
    return await GatewayKey.open(gatewayId, keyFile(path), (error) =>
      log('warn', 'the counter of the key cannot be kept', { problem: messageOf(error) }),
    );
  } catch (error) {
    log('error', 'there is no key, and none can be kept', { problem: messageOf(error) });
    return undefined;
  }
}
