/** Who the gateway is: its id and mark, what LEONORE gave it last, and the key that it proves itself by. */
import { randomBytes } from 'node:crypto';
import type { RegisterResponse } from '../../domain/agent-protocol/messages.js';
import type { AgentPaths } from './agent-paths.js';
import { removeFile } from './atomic-file.js';
import type { Log } from './bounded-log.js';
import { enrolmentTokenOf } from './enrolment-token.js';
import { openKey, type GatewayKey } from './gateway-key.js';
import { IdentityStore, type Identity } from './identity-store.js';
import { messageOf } from './system-error.js';

export interface IdentityOptions {
  readonly paths: AgentPaths;
  readonly id?: string | undefined;
  /** An id is made from it where none is given or kept. */
  readonly mac: string | undefined;
  readonly enrolmentToken: string | undefined;
  /** File that holds it; it is removed once LEONORE knows the gateway by its key. */
  readonly enrolmentTokenFile: string | undefined;
  readonly log: Log;
}

export class GatewayIdentity {
  #key: GatewayKey | undefined;
  /** The file of the enrolment token has been removed, or cannot be. */
  #isTokenGone = false;

  private constructor(
    private readonly options: IdentityOptions,
    private readonly store: IdentityStore,
    /** What the gateway enrols with; undefined when it has nothing any more. */
    readonly enrolmentToken: string | undefined,
    private identity: Identity,
  ) {}

  /** @throws LeonoreError MALFORMED_INPUT when there is nothing to register with */
  static async open(options: IdentityOptions): Promise<GatewayIdentity> {
    const store = new IdentityStore(options.paths.identity);
    const known = await store.load();
    const id = options.id ?? known?.id ?? makeId(options.mac);
    const identity: Identity =
      known?.id === id ? known : { id, mark: known?.mark ?? randomBytes(12).toString('hex') };
    const isKnown = identity.token !== undefined || identity.enrolled === true;
    const enrolmentToken = await enrolmentTokenOf(options, isKnown);
    // Only what is new is written: a full disk must not keep the applications of a known gateway from starting.
    if (identity !== known) await store.save(identity);
    return new GatewayIdentity(options, store, enrolmentToken, identity);
  }

  get known(): Identity {
    return this.identity;
  }

  /** The key of this gateway; undefined as long as the disk takes none. */
  async openKey(): Promise<GatewayKey | undefined> {
    this.#key ??= await openKey(this.identity.id, this.options.paths.key, this.options.log);
    return this.#key;
  }

  /** Keeps what a registration brought. @param enrolled whether LEONORE knows the gateway by its key */
  async remember(response: RegisterResponse, token: string, enrolled: boolean): Promise<void> {
    const before = JSON.stringify(this.identity);
    this.identity = {
      id: this.identity.id,
      mark: this.identity.mark,
      token,
      ...(enrolled ? { enrolled } : {}),
      node: response.node,
      strategy: response.strategy,
      ...(response.endpoints === undefined ? {} : { endpoints: response.endpoints }),
      pollIntervalSeconds: response.pollIntervalSeconds,
    };
    // On a full disk it holds for as long as the agent runs; after that the key has to help.
    if (JSON.stringify(this.identity) !== before)
      await this.#attempt('what the registration brought cannot be kept', () =>
        this.store.save(this.identity),
      );
    const { enrolmentTokenFile } = this.options;
    if (enrolled && enrolmentTokenFile !== undefined && !this.#isTokenGone) {
      // Whoever finds this disk later shall not enrol anything with it.
      await this.#attempt('the enrolment token cannot be removed', () => removeFile(enrolmentTokenFile));
      this.#isTokenGone = true;
    }
  }

  /** Does what the disk may refuse, and says so. */
  async #attempt(otherwise: string, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => {
      this.options.log('error', otherwise, { problem: messageOf(error) });
    });
  }
}

function makeId(mac: string | undefined): string {
  return `gw-${mac === undefined ? randomBytes(6).toString('hex') : mac.replace(/[^0-9A-Za-z]/g, '').toLowerCase()}`;
}
