/** What a dry run came to, kept for the tab, so that the next one can say what is otherwise. */
import type { Schemas } from '../api/queries.js';
import { packagesOf, servedGroups, whyNotOf } from './dry-run.js';
import { planCommand, type PlanForm } from './plan-form.js';

type Answer = Schemas['PlanAnswer'];

/** How many gateways something holds for. */
export interface Entry {
  readonly text: string;
  readonly gateways: number;
}

export interface DryRunSummary {
  /** When it was answered, ms since 1970. */
  readonly atMs: number;
  /** What was asked, as a command. */
  readonly question: string;
  readonly served: number;
  readonly unserved: number;
  readonly packages: number;
  readonly downloadBytes: number;
  /** Gateways by what they would get and lose. */
  readonly plans: readonly Entry[];
  /** Gateways by what stands against it. */
  readonly reasons: readonly Entry[];
}

/** Entries that are kept of each kind: those of most gateways. */
const mostEntries = 50;
const longestText = 400;

export function summaryOf(answer: Answer, form: PlanForm, atMs: number): DryRunSummary {
  const { gateways, incompatible, undecided, downloadBytes } = answer;
  const served = servedGroups(answer);
  return {
    atMs,
    question: planCommand(form),
    served: gateways - incompatible - undecided,
    unserved: incompatible + undecided,
    packages: packagesOf(served),
    downloadBytes,
    plans: entriesOf(
      served.map(({ plans: [plan], gateways: count }) => ({
        text: planText(plan?.install ?? [], plan?.remove ?? []),
        gateways: count,
      })),
    ),
    reasons: entriesOf(whyNotOf(answer).map(({ text, gateways: count }) => ({ text, gateways: count }))),
  };
}

function planText(install: readonly string[], remove: readonly string[]): string {
  const parts = [
    install.length === 0 ? 'nothing to install' : install.join(', '),
    ...(remove.length === 0 ? [] : [`− ${remove.join(', ')}`]),
  ];
  return parts.join(' ');
}

/** Those of the same text as one, those of most gateways first. */
function entriesOf(all: readonly Entry[]): Entry[] {
  const counts = new Map<string, number>();
  for (const { text, gateways } of all) {
    const key = text.slice(0, longestText);
    counts.set(key, (counts.get(key) ?? 0) + gateways);
  }
  return [...counts]
    .map(([text, gateways]) => ({ text, gateways }))
    .sort((one, other) => other.gateways - one.gateways)
    .slice(0, mostEntries);
}

/** What holds for another number of gateways than before; 0: for none. */
export interface Change {
  readonly text: string;
  readonly before: number;
  readonly now: number;
}

/** What is otherwise than before, the largest differences first. */
export function changesOf(before: readonly Entry[], now: readonly Entry[]): Change[] {
  const counts = (entries: readonly Entry[]) =>
    new Map(entries.map(({ text, gateways }) => [text, gateways]));
  const [was, is] = [counts(before), counts(now)];
  return [...new Set([...is.keys(), ...was.keys()])]
    .map((text) => ({ text, before: was.get(text) ?? 0, now: is.get(text) ?? 0 }))
    .filter((change) => change.before !== change.now)
    .sort((one, other) => Math.abs(other.now - other.before) - Math.abs(one.now - one.before));
}

/** What was kept; what cannot be read is nothing. */
export function summaryFrom(text: string | null): DryRunSummary | null {
  try {
    const kept: unknown = JSON.parse(text ?? 'null');
    return isSummary(kept) ? kept : null;
  } catch {
    return null;
  }
}

/**
 * Keeps a dry run as the last one of somebody: what one person was told is not for the next one who signs in.
 * @returns the one before it; null: there was none
 */
export function keepLast(storage: Storage, who: string, last: DryRunSummary): DryRunSummary | null {
  const key = `leonore.dry-run.${who}`;
  const before = summaryFrom(storage.getItem(key));
  storage.setItem(key, JSON.stringify(last));
  return before;
}

function isSummary(value: unknown): value is DryRunSummary {
  const one = (value ?? {}) as Partial<Record<keyof DryRunSummary, unknown>>;
  return (
    [one.atMs, one.served, one.unserved, one.packages, one.downloadBytes].every(Number.isFinite) &&
    typeof one.question === 'string' &&
    [one.plans, one.reasons].every((entries) => Array.isArray(entries) && entries.every(isEntry))
  );
}

function isEntry(value: unknown): value is Entry {
  const { text, gateways } = (value ?? {}) as Partial<Record<keyof Entry, unknown>>;
  return typeof text === 'string' && Number.isFinite(gateways);
}
