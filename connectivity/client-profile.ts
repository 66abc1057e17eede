/** What a device with a client of its own says of itself, as a profile: names with texts are all that such clients know. */
import { variantFormats, type VariantFormat } from '../domain/artifact/manifest.js';
import { labelNamePattern, type Component, type GatewayProfile } from '../domain/gateway/profile.js';
import { limits } from '../domain/limits.js';

export interface ClientAttributes {
  /** `merge` by default: what is not named stays. */
  readonly mode?: 'merge' | 'replace' | 'remove';
  readonly data: Readonly<Record<string, string>>;
}

/** Attributes that say what the device is; all others are its labels. */
const facts = ['arch', 'os', 'kernel', 'libc', 'name', 'formats'] as const;
const component = /^(hardware|tool)\.(.{1,100})$/u;
const labelName = new RegExp(labelNamePattern, 'u');

/**
 * A device of which nothing is known but that it asks.
 * @param formats what clients of its protocol install, unless it says which of them it takes
 */
export function unknownDevice(
  id: string,
  protocol: string,
  formats: readonly VariantFormat[],
): GatewayProfile {
  return {
    id,
    hardware: { arch: 'unknown' },
    software: { os: 'unknown', formats: [...formats] },
    strategies: ['pull'],
    protocols: [protocol],
    labels: {},
    installed: [],
  };
}

/**
 * The profile of a device with what it says of itself now. `arch`, `os`, `kernel`, `libc`, `name` and `formats` are facts,
 * `hardware.NAME` and `tool.NAME` are what it has, and the version of that; all else are labels.
 */
export function profileWith(
  before: GatewayProfile,
  { mode = 'merge', data }: ClientAttributes,
  formatsOfClients: readonly VariantFormat[],
): GatewayProfile {
  const start = mode === 'replace' ? { ...before, ...blank(before, formatsOfClients) } : before;
  if (mode === 'remove') {
    const labels = Object.entries(before.labels ?? {}).filter(([name]) => !Object.hasOwn(data, name));
    return { ...before, labels: Object.fromEntries(labels) };
  }
  const told = (name: (typeof facts)[number]): string | undefined =>
    data[name] === '' ? undefined : data[name];
  const { arch, os, kernel, libc, name } = Object.fromEntries(facts.map((fact) => [fact, told(fact)]));
  const formats = told('formats')
    ?.split(/[\s,]+/u)
    .filter((word): word is VariantFormat => (variantFormats as readonly string[]).includes(word));
  return {
    ...start,
    ...(name === undefined ? {} : { name }),
    hardware: {
      ...start.hardware,
      ...(arch === undefined ? {} : { arch }),
      components: components(start.hardware.components, data, 'hardware', limits.components),
    },
    software: {
      ...start.software,
      ...(os === undefined ? {} : { os }),
      ...(kernel === undefined ? {} : { kernel }),
      ...(libc === undefined ? {} : { libc }),
      ...(formats === undefined ? {} : { formats: [...new Set(formats)] }),
      tools: components(start.software.tools, data, 'tool', limits.tools),
    },
    labels: labelsWith(start.labels ?? {}, data),
  };
}

function blank(
  { id, protocols }: GatewayProfile,
  formats: readonly VariantFormat[],
): Pick<GatewayProfile, 'hardware' | 'software' | 'labels'> {
  const { hardware, software } = unknownDevice(id, protocols?.[0] ?? '', formats);
  return { hardware, software, labels: {} };
}

function components(
  before: readonly Component[] = [],
  data: ClientAttributes['data'],
  kind: string,
  most: number,
): Component[] {
  const known = new Map(before.map(({ name, version }) => [name, version]));
  for (const [key, version] of Object.entries(data)) {
    const [, of, name = ''] = component.exec(key) ?? [];
    if (of === kind && version !== '') known.set(name, version);
  }
  return [...known].slice(0, most).map(([name, version]) => ({ name, version }));
}

function labelsWith(
  before: Readonly<Record<string, string>>,
  data: ClientAttributes['data'],
): Record<string, string> {
  const own = Object.entries(data).filter(
    ([name]) => labelName.test(name) && !(facts as readonly string[]).includes(name) && !component.test(name),
  );
  return Object.fromEntries(
    Object.entries({ ...before, ...Object.fromEntries(own) }).slice(0, limits.labels),
  );
}
