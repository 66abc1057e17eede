import type { GatewayCondition } from './condition.js';

/** How many have a value. */
export interface Counted<Value extends string = string> {
  readonly value: Value;
  readonly count: number;
}

/** How many gateways have what; of each the most frequent first. */
export interface GatewayFacets {
  readonly state: readonly Counted<GatewayCondition>[];
  /** `value` is `name@version`. */
  readonly artifact: readonly (Counted & { readonly name: string; readonly version: string })[];
  readonly node: readonly Counted[];
  /** `value` is `protocol strategy`. */
  readonly protocol: readonly Counted[];
  readonly label: readonly { readonly key: string; readonly values: readonly Counted[] }[];
}

/** Values that are told of each facet: somebody has to choose among them. */
export const toldValues = { artifact: 200, node: 200, protocol: 50, labelKeys: 50, labelValues: 20 } as const;
