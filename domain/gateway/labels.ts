/**
 * Labels are the operator's. What a device says of itself counts only for the names that it may set; whatever it says is
 * `reported.*` in selectors. The SQL function leonore_labels says the same.
 */

export type Labels = Readonly<Record<string, string>>;

/** Stands for every label in a list of those that a device may set. */
export const anyLabel = '*';

/**
 * The labels of a gateway: the operator's, and of those that it reports the ones that it may set.
 * @param allowed names, or {@link anyLabel}
 */
export function effectiveLabels(operator: Labels, allowed: readonly string[], reported: Labels): Labels {
  const isAllowed = (name: string): boolean => allowed.includes(anyLabel) || allowed.includes(name);
  return { ...Object.fromEntries(Object.entries(reported).filter(([name]) => isAllowed(name))), ...operator };
}
