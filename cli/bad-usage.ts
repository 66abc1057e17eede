import { CommanderError } from 'commander';

/** What commander itself would say of options that do not go together. */
export function badUsage(detail: string): CommanderError {
  return new CommanderError(2, 'leonore.badUsage', detail);
}
