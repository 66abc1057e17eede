import { readFile } from 'node:fs/promises';
import { presetNames, type PresetName } from '../domain/campaign/presets.js';
import type { Strategy } from '../domain/campaign/strategy.js';
import { badUsage } from './bad-usage.js';

/**
 * What `--strategy` names: a preset, or a file with a strategy of one's own.
 * @throws LeonoreError STRATEGY_INVALID, with the place in the file
 */
export async function strategyOfOption(option: string | undefined): Promise<PresetName | Strategy> {
  const preset = presetNames.find((name) => name === (option ?? 'all-at-once'));
  if (preset !== undefined) return preset;
  const file = option ?? '';
  const text = await readFile(file, 'utf8').catch(() => {
    throw badUsage(`--strategy names none of ${presetNames.join(', ')}, and no file that can be read`);
  });
  // Only now: presets need none of it, and it takes long to load.
  const { readStrategy } = await import('../domain/campaign/read-strategy.js');
  return readStrategy(text, file);
}
