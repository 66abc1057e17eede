import Type, { type Static } from 'typebox';
import { presetNames, presets } from '../domain/campaign/presets.js';
import { parseStrategy } from '../domain/campaign/read-strategy.js';
import type { Strategy } from '../domain/campaign/strategy.js';

/** How requests state a strategy: a preset by its name, or one of their own. */
export const StatedStrategySchema = Type.Union([
  Type.Enum([...presetNames], { description: 'A preset' }),
  // Judged by domain/campaign, which says the place and what may have been meant.
  Type.Object(
    {},
    {
      additionalProperties: true,
      description: 'A strategy, as docs/campaign-strategy.schema.json says',
    },
  ),
]);

/** @throws LeonoreError STRATEGY_INVALID */
export function strategyOf(stated: Static<typeof StatedStrategySchema>): Strategy {
  return typeof stated === 'string' ? presets[stated] : parseStrategy(stated);
}
