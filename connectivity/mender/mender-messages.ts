/** Bodies of Mender's device API, versions 1 and 2, as its clients send them; what is no concern of LEONORE's is let be. */
import Type, { type Static } from 'typebox';
import type { VariantFormat } from '../../domain/artifact/manifest.js';
import { cleanText } from '../../domain/text.js';
import type { ClientReport } from '../client-deliveries.js';

/** What Mender's clients install. */
export const menderFormats: readonly VariantFormat[] = ['mender'];

const valueLength = 256;
const Scalar = Type.Union([Type.String({ maxLength: 4_096 }), Type.Number(), Type.Boolean(), Type.Null()]);

export const InventorySchema = Type.Array(
  Type.Object({
    name: Type.String({ minLength: 1, maxLength: 1_024 }),
    value: Type.Union([Scalar, Type.Array(Scalar, { maxItems: 256 })]),
  }),
  { maxItems: 512 },
);

/** A device says what it is again with each request. */
export const ProvidesSchema = Type.Object({
  device_provides: Type.Object({ device_type: Type.Optional(Type.String({ maxLength: 256 })) }),
});

export const StatusSchema = Type.Object({
  status: Type.Enum([
    ...['downloading', 'pause_before_installing', 'installing', 'pause_before_rebooting', 'rebooting'],
    ...['pause_before_committing', 'success', 'already-installed', 'failure'],
  ]),
  substate: Type.Optional(Type.String({ maxLength: 1_024 })),
});
export type Status = Static<typeof StatusSchema>;

export const LogSchema = Type.Object({
  messages: Type.Array(
    Type.Object({
      timestamp: Type.Optional(Type.String({ maxLength: 64 })),
      level: Type.Optional(Type.String({ maxLength: 32 })),
      message: Type.String(),
    }),
    { maxItems: 20_000 },
  ),
});
export type Log = Static<typeof LogSchema>;

/** What a status says of a delivery. */
export function reportOf({ status, substate = '' }: Status): ClientReport {
  switch (status) {
    case 'success':
    case 'already-installed':
      return { state: 'succeeded', log: substate };
    case 'failure':
      return { state: 'failed', log: substate, error: { class: 'internal', step: 'install' } };
    case 'downloading':
    case 'pause_before_installing':
      return { state: 'downloading', log: substate };
    default:
      return { state: 'installing', log: substate };
  }
}

export function logText({ messages }: Log): string {
  return messages
    .map(({ timestamp = '', level = '', message }) =>
      [timestamp, level, message].filter((part) => part !== '').join(' '),
    )
    .join('\n');
}

/**
 * An inventory as names with texts. The scripts of Mender's client write sentences for kernel and system: of the first the
 * version is taken, the second is kept as a label.
 */
export function attributesOf(inventory: Static<typeof InventorySchema>): Record<string, string> {
  return Object.fromEntries(
    inventory.map(({ name, value }) => {
      const text = cleanText([value].flat().map(String).join(','), valueLength);
      if (name === 'kernel') return [name, /\d+(?:\.\d+)+/.exec(text)?.[0] ?? ''];
      return [name === 'os' && !/^[a-z0-9_-]+$/.test(text) ? 'os_name' : name, text];
    }),
  );
}
