/** What a fleet of virtual gateways has done so far. All are counts since the start, except `working`. */
export interface FleetProgress {
  registered: number;
  /** Registrations after the first one, for instance because the node was gone. */
  registeredAgain: number;
  polls: number;
  notices: number;
  tasks: number;
  downloads: number;
  downloadedBytes: number;
  succeeded: number;
  failed: number;
  silent: number;
  /** Requests that failed and were tried again. */
  retries: number;
  /** Gateways with a task in hand. */
  working: number;
}

export function noProgress(): FleetProgress {
  return {
    registered: 0,
    registeredAgain: 0,
    polls: 0,
    notices: 0,
    tasks: 0,
    downloads: 0,
    downloadedBytes: 0,
    succeeded: 0,
    failed: 0,
    silent: 0,
    retries: 0,
    working: 0,
  };
}
