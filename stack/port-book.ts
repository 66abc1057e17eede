import { LeonoreError } from '../domain/errors.js';
import { freePort, isPortFree } from './free-port.js';

/** The ports of a stack by name; those of an earlier start are used again, because clients know them. */
export class PortBook {
  private readonly ports: Record<string, number>;
  private readonly taken = new Set<number>();

  constructor(saved: Readonly<Record<string, number>>) {
    this.ports = { ...saved };
  }

  /** The port that `name` had, when it is free, otherwise another one. */
  async choose(name: string): Promise<number> {
    const before = this.ports[name];
    let port = await freePort(before === undefined || this.taken.has(before) ? undefined : before);
    // Not listened on yet, so the system may offer the same one twice.
    while (this.taken.has(port)) port = await freePort();
    this.record(name, port);
    return port;
  }

  /**
   * Takes the port that the user wants.
   * @throws LeonoreError MALFORMED_INPUT when it is in use
   */
  async require(name: string, port: number): Promise<number> {
    if (!(await isPortFree(port))) {
      throw new LeonoreError(
        'MALFORMED_INPUT',
        `port ${port} is in use by another program; choose another one`,
      );
    }
    this.record(name, port);
    return port;
  }

  /** For the state file. */
  entries(): Readonly<Record<string, number>> {
    return { ...this.ports };
  }

  private record(name: string, port: number): void {
    this.ports[name] = port;
    this.taken.add(port);
  }
}
