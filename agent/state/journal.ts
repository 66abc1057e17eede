/**
 * The delivery that is being carried out, so that the next start can finish or undo it (docs/gateway.md).
 *
 * INVARIANTS
 *  - The journal is on the disk before the first act of the step that it names.
 *  - Every step may be begun again from its start, whatever of it was done.
 */
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import {
  OrderSchema,
  ReportErrorSchema,
  ReportSchema,
  TaskSchema,
  type Order,
  type Task,
} from '../../domain/agent-protocol/messages.js';
import { removeFile } from './atomic-file.js';
import { readStateFile, writeStateFile } from './state-file.js';

export const journalSteps = [
  'download',
  'change',
  'makeRoom',
  'install',
  'switch',
  'start',
  'cleanup',
  'undo',
  'report',
] as const;
export type JournalStep = (typeof journalSteps)[number];

const JournalSchema = Type.Object({
  /** What is carried out: a package's delivery, or an order. */
  task: Type.Union([TaskSchema, OrderSchema]),
  step: Type.Enum([...journalSteps]),
  /** How often the step was begun again after the agent had ended in the middle of it. */
  restarts: Type.Integer(),
  /** Name of the generation that is returned to. */
  before: Type.String(),
  /** Name of the generation that is built; known from `install` or `change` on. */
  after: Type.Optional(Type.String()),
  /** Names whose data directory is new with this delivery. */
  newData: Type.Optional(Type.Array(Type.String())),
  /** The install scripts of the new artifacts have all ended well. */
  installed: Type.Optional(Type.Boolean()),
  /** Old artifacts are gone from the disk, to make room. */
  roomMade: Type.Optional(Type.Boolean()),
  /** Homes of old artifacts that are being removed to make room: whatever is there of them, they are restored whole. */
  taken: Type.Optional(Type.Array(Type.String())),
  /** Homes whose files were damaged, and come anew with this package. */
  replaced: Type.Optional(Type.Array(Type.String())),
  /** Applications that were up and are started anew: the change counts only if they stay up. */
  touched: Type.Optional(Type.Array(Type.String())),
  /** Why it is undone. */
  failure: Type.Optional(ReportErrorSchema),
  /** The last report, in step `report`; none when LEONORE has ended the delivery itself. */
  report: Type.Optional(ReportSchema),
});

export type JournalEntry = Static<typeof JournalSchema>;

/** The task of a journal that is about a package. */
export function taskOf({ task }: JournalEntry): Task {
  if (task.action !== 'install')
    throw new Error(`The journal names the order ${task.action} where a package is meant.`);
  return task;
}

/** The order of a journal that is about one. */
export function orderOf({ task }: JournalEntry): Order {
  if (task.action === 'install') throw new Error('The journal names a package where an order is meant.');
  return task;
}

export class Journal {
  constructor(private readonly path: string) {}

  async load(): Promise<JournalEntry | null> {
    const value = await readStateFile(this.path);
    return Value.Check(JournalSchema, value) ? value : null;
  }

  async save(entry: JournalEntry): Promise<void> {
    await writeStateFile(this.path, entry, { copied: false });
  }

  async clear(): Promise<void> {
    await removeFile(this.path);
  }
}

/** Tells entries of steps that stop and start applications themselves. */
export function changesApplications(entry: JournalEntry): boolean {
  return entry.step === 'switch' || entry.step === 'start' || entry.step === 'undo';
}
