/** What a process of virtual gateways tells its parent over IPC. Any message to it means: stop. */
import type { levelOfTruth } from './options.js';
import type { FleetProgress } from './progress.js';

export type FleetMessage =
  | { readonly type: 'registering'; readonly progress: FleetProgress }
  | { readonly type: 'ready'; readonly levelOfTruth: typeof levelOfTruth; readonly progress: FleetProgress }
  | { readonly type: 'progress'; readonly progress: FleetProgress }
  | { readonly type: 'failed'; readonly error: string };
