import Type, { type Static } from 'typebox';
import type { ArtifactManifest } from './manifest.js';
import { ControlSchema, demandsOf, DemandsSchema, HealthSchema, type Demands } from './operation.js';

/** How an artifact is run, as packages and publishers' statements say it: nothing is left to a default. */
export const OperationSchema = Type.Object({
  control: ControlSchema,
  start: Type.Boolean(),
  keepData: Type.Boolean(),
  health: Type.Optional(HealthSchema),
  ...DemandsSchema.properties,
});

type Operation = Static<typeof OperationSchema>;

/** Facts of an artifact from which follows how it is run. */
interface Run extends Demands {
  readonly control: Operation['control'];
  readonly start: boolean;
  readonly keepData: boolean;
  readonly health?: NonNullable<Operation['health']>;
}

/** How something is run; where there is no start script there is nothing to start, whatever the policy says. */
export function operationOf(run: Run): Operation {
  const { control, start, keepData, health } = run;
  return {
    control,
    start: start && control.start !== undefined,
    keepData,
    ...(health === undefined ? {} : { health }),
    ...demandsOf(run),
  };
}

/** How the artifact of a manifest is run. */
export function manifestOperation(manifest: ArtifactManifest): Operation {
  const { control = {}, policies, kind, health } = manifest;
  return operationOf({
    control,
    start: policies?.start ?? kind === 'application',
    keepData: policies?.keepData === true,
    ...(health === undefined ? {} : { health }),
    ...demandsOf(manifest),
  });
}
