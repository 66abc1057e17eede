import type { Schemas } from '../api/queries.js';
import { requestsOf, targetOf, type PlanForm } from './plan-form.js';

type Answer = Schemas['PlanAnswer'];
type Group = Answer['groups'][number];

export interface WhyNot {
  /** What stands against it, in the words of the resolver. */
  readonly text: string;
  readonly gateways: number;
  readonly sample: readonly string[];
  readonly undecided: boolean;
}

/** Gateways that are named under one reason. */
const named = 8;

/** Why gateways cannot be served, groups of the same reason together, the most frequent first. */
export function whyNotOf({ groups }: Answer): WhyNot[] {
  const reasons = new Map<string, WhyNot>();
  for (const { explanation, undecided, gateways, sample } of groups) {
    if (explanation === null) continue;
    const before = reasons.get(explanation);
    reasons.set(explanation, {
      text: explanation,
      undecided,
      gateways: gateways + (before?.gateways ?? 0),
      sample: [...(before?.sample ?? []), ...sample].slice(0, named),
    });
  }
  return [...reasons.values()].sort((one, other) => other.gateways - one.gateways);
}

/** Groups that are served, those of most gateways first. */
export function servedGroups({ groups }: Answer): Group[] {
  return groups.filter(({ plans }) => plans.length > 0).sort((one, other) => other.gateways - one.gateways);
}

/** Different packages that the groups come to: those that differ in what they remove share one. */
export function packagesOf(groups: readonly Group[]): number {
  const contents = groups.flatMap(({ plans: [first] }) =>
    first === undefined
      ? []
      : [
          JSON.stringify([
            first.install,
            first.artifacts.map(({ name, version, variantIndex }) => [name, version, variantIndex]),
          ]),
        ],
  );
  return new Set(contents).size;
}

/** What would help, as the resolver says it; null when it says nothing. */
export function helpText({ text }: WhyNot): string | null {
  return /^Nearest help: (.+)$/mu.exec(text)?.[1] ?? null;
}

/** A change of the form that can be made by one press. */
export interface Help {
  readonly action: string;
  readonly change: Partial<PlanForm>;
}

/** What of the help against a reason is a change of the form. */
export function helpsOf(why: WhyNot, form: PlanForm): Help[] {
  return [...otherRequests(helpText(why) ?? '', form), ...withoutThem(why, form)];
}

function otherRequests(help: string, form: PlanForm): Help[] {
  const requests = requestsOf(form);
  for (const request of requests) {
    const others = requests.filter((other) => other !== request);
    const instead = ` instead of ${request}`;
    if (help.endsWith(instead)) {
      const other = help.slice(0, -instead.length);
      if (/\s/u.test(other)) continue;
      const what = requests.map((one) => (one === request ? other : one)).join(', ');
      return [{ action: `Ask for ${other}`, change: { what } }];
    }
    if (help === `leave out ${request}` && others.length > 0)
      return [{ action: `Leave out ${request}`, change: { what: others.join(', ') } }];
  }
  return [];
}

/** Only when all of them are known by name. */
function withoutThem({ gateways, sample }: WhyNot, form: PlanForm): Help[] {
  if (gateways !== sample.length) return [];
  const action = gateways === 1 ? 'Plan without this gateway' : `Plan without these ${gateways}`;
  const { select, gateways: ids } = targetOf(form);
  if (ids !== undefined) {
    const others = ids.filter((id) => !sample.includes(id));
    return others.length === 0 ? [] : [{ action, change: { where: others.join(' ') } }];
  }
  if (select === undefined || sample.some((id) => /["\\]/u.test(id))) return [];
  const listed = sample.map((id) => `"${id}"`).join(', ');
  return [{ action, change: { where: `(${select}) && !(id in (${listed}))` } }];
}
