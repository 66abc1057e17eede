import type { GatewayProfile } from '../../domain/gateway/profile.js';
import { jittered } from '../connectivity/backoff.js';
import { differsNoticeably } from './profiler.js';

export interface ToldProfileOptions {
  readonly intervalSeconds: number;
  /** Whether an application is up now. */
  readonly isUp: (name: string) => boolean;
}

/** What LEONORE was told of the gateway last, and when it is to be told again. */
export class ToldProfile {
  #told: GatewayProfile | null = null;
  #dueAtMs = 0;
  /** Somebody asks for it, or something has happened that somebody should know. */
  isWanted = false;

  constructor(private readonly options: ToldProfileOptions) {}

  /** Whether it is time to look at what there is to tell. */
  get isDue(): boolean {
    return this.isWanted || performance.now() >= this.#dueAtMs || this.#isBack;
  }

  /** Whether an application is up that was told to be down: nobody is to look for a fault that is gone. */
  get #isBack(): boolean {
    const applications = this.#told?.state?.applications ?? [];
    return applications.some(({ name, up }) => !up && this.options.isUp(name));
  }

  /** Whether a profile says something that was not told yet. */
  isNews(profile: GatewayProfile): boolean {
    return this.#told === null || differsNoticeably(this.#told, profile);
  }

  told(profile: GatewayProfile): void {
    this.#told = profile;
  }

  /** From now on the interval is counted. */
  schedule(): void {
    this.#dueAtMs = performance.now() + jittered(this.options.intervalSeconds * 1_000);
  }
}
