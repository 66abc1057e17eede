import { createHash } from 'node:crypto';
import type { Order, Task } from '../../domain/agent-protocol/messages.js';
import type { Installed } from '../../domain/gateway/profile.js';

/** What a virtual gateway has installed, as its reports and profiles say it: names and versions, and no files. */
export class VirtualContainer {
  #changed: readonly Installed[] | null = null;
  /** Values that orders have given, by name of the artifact. */
  readonly #configured = new Map<string, Readonly<Record<string, string>>>();

  /** @param first what it has before anything is done to it */
  constructor(private readonly first: () => readonly Installed[]) {}

  get isAsNew(): boolean {
    return this.#changed === null;
  }

  get installed(): readonly Installed[] {
    return this.#changed ?? this.first();
  }

  /** Names what is installed with its values, as a container's state does. */
  get digest(): string {
    const keys = this.installed
      .map(({ name, version }) => {
        const values = this.#configured.get(name);
        return `${name}@${version}${values === undefined ? '' : JSON.stringify(values)}`;
      })
      .sort();
    return createHash('sha256').update(keys.join(' ')).digest('hex');
  }

  /** Forgets all that was done to it. */
  renew(): void {
    this.#changed = null;
    this.#configured.clear();
  }

  install(task: Task, added: readonly Installed[]): void {
    const gone = new Set([...task.remove, ...added.map(({ name, version }) => `${name}@${version}`)]);
    const kept = this.installed.filter(({ name, version }) => !gone.has(`${name}@${version}`));
    this.#changed = [...kept, ...added];
    for (const { name } of added) this.#configured.delete(name);
  }

  /** @returns why it cannot be done, or null */
  obey({ action, artifact, also = [], values = {} }: Order): string | null {
    const { installed } = this;
    const isThere = installed.some(({ name }) => name === artifact);
    if (action === 'wipe') this.#changed = [];
    else if (action === 'uninstall') {
      const gone = new Set([artifact, ...also]);
      this.#changed = installed.filter(({ name }) => !gone.has(name));
    } else if (!isThere) return `${artifact} is not installed`;
    else if (action === 'configure')
      this.#configured.set(artifact, { ...this.#configured.get(artifact), ...values });
    return null;
  }
}
