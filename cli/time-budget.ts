import { InvalidArgumentError } from 'commander';
import type { ResolveBudget } from '../domain/resolver/budget.js';
import { duration } from './arguments.js';

/** Reads a time of an option (`500ms`, `10s`), in seconds; one of nothing is no budget. */
export function budgetSeconds(text: string): number {
  const [, milliseconds] = /^(\d{1,9})ms$/u.exec(text) ?? [];
  const seconds = milliseconds === undefined ? duration(text) : Number(milliseconds) / 1_000;
  if (seconds === 0) throw new InvalidArgumentError('A budget must be more than 0.');
  return seconds;
}

/** A budget that is over after some time, however much work is done until then. */
export function timeBudget(seconds: number): ResolveBudget {
  const startedMs = performance.now();
  return { work: Infinity, used: () => (performance.now() - startedMs) / (seconds * 1_000) };
}
