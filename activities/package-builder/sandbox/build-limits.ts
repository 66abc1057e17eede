/** What one build may use. A script that needs more is broken or hostile. */
export interface BuildLimits {
  readonly timeMs: number;
  /** All processes of the build together; each alone as well. */
  readonly memoryBytes: number;
  /** What the build may leave on disk, sources included; no single file may be larger either. */
  readonly diskBytes: number;
}

/** Limits that nobody needs to change, each with its reason. */
export const fixedBuildLimits = {
  /** Tail of what the script prints that is kept: compilers put what matters at the end. */
  logBytes: 64 * 1024,
  /** A script that prints more is in a loop, and would keep the node busy with reading it. */
  printedBytes: 32 * 1024 * 1024,
  /** Processes and threads: a parallel `make` uses dozens, a fork bomb all there are. */
  processes: 512,
  openFiles: 1_024,
  /** Files and directories on the disk: a compiler leaves many more than the artifact will have. */
  diskEntries: 200_000,
  /** How often memory and disk are looked at. */
  watchMs: 500,
  /** A killed process may need so long to be gone (it may be writing a core, or sit in a slow disk). */
  goneWithinMs: 10_000,
} as const;
