import { LeonoreError } from '../domain/errors.js';
import { ClientError } from '../client/client-error.js';
import { CommanderError } from 'commander';

/** What the process says to scripts; part of the contract (docs/cli.md). */
export const ExitCode = {
  Done: 0,
  Failed: 1,
  /** Bad usage or bad input: the caller must send something else. */
  BadInput: 2,
  /** No plan can satisfy the request. */
  Unsatisfiable: 3,
  /** Nobody knows whether a plan can: the budget ended before one was found. */
  Undecided: 4,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Codes of bad input besides `MALFORMED_*` and `*_NOT_FOUND`. */
const badInput = new Set([
  'STRATEGY_INVALID',
  'WINDOW_NEVER_OPENS',
  'TOO_LARGE',
  'EMPTY_DEPLOYMENT',
  'UNREADABLE',
  'NO_SERVER',
  'NO_TOKEN',
  'BAD_USAGE',
]);

/** The exit code that a stable error code stands for. */
export function exitCodeOfErrorCode(code: string): ExitCode {
  if (code === 'UNSATISFIABLE') return ExitCode.Unsatisfiable;
  if (code === 'PLANNING_TOO_HARD') return ExitCode.Undecided;
  const isBadInput = badInput.has(code) || code.startsWith('MALFORMED_') || code.endsWith('_NOT_FOUND');
  return isBadInput ? ExitCode.BadInput : ExitCode.Failed;
}

/** The exit code for what a verb threw. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.BadInput;
  if (error instanceof ClientError || error instanceof LeonoreError) return exitCodeOfErrorCode(error.code);
  return ExitCode.Failed;
}
