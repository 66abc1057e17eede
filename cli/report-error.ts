import { CommanderError } from 'commander';
import { ClientError } from '../client/client-error.js';
import { errorKinds } from '../domain/error-kinds.js';
import { LeonoreError } from '../domain/errors.js';
import { Output, printable, type OutputStream } from './output.js';

/** An error as the CLI tells it: what failed, who must act, what to do. */
interface Told {
  readonly code: string;
  readonly detail: string;
  readonly actor: string;
  readonly advice: string;
  readonly instance?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

const actors: Readonly<Record<string, string>> = {
  caller: 'you',
  operator: 'the operator of LEONORE',
  gateway: 'the gateway',
  leonore: 'LEONORE itself',
};

/** Tells an error on standard error: for people, or with --json as one line. */
export function reportError(
  error: unknown,
  stream: OutputStream,
  asJson: boolean,
  env: NodeJS.ProcessEnv,
): void {
  const out = new Output(stream, asJson, env);
  const told = tell(error);
  if (asJson) {
    out.jsonLine({ error: told });
    return;
  }
  const { code, detail, actor, advice, instance } = told;
  out.line(`${out.colors.red(code)}  ${printable(detail)}`);
  out.line(`  ${out.colors.dim('to act:')}  ${actors[actor] ?? actor}`);
  out.line(`  ${out.colors.dim('to do: ')}  ${printable(advice)}`);
  if (instance !== undefined && actor !== 'caller')
    out.line(`  ${out.colors.dim('request:')} ${printable(instance)}`);
}

function tell(error: unknown): Told {
  if (error instanceof ClientError) {
    const { code, detail, actor, advice, instance, details } = error.facts;
    return {
      code,
      detail,
      actor,
      advice,
      ...(instance === undefined ? {} : { instance }),
      ...(details === undefined ? {} : { details }),
    };
  }
  if (error instanceof LeonoreError) {
    const { actor, advice } = errorKinds[error.code];
    const details = Object.keys(error.details).length === 0 ? {} : { details: error.details };
    return { code: error.code, detail: error.message, actor, advice, ...details };
  }
  if (error instanceof CommanderError) {
    const detail = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return {
      code: 'BAD_USAGE',
      detail,
      actor: 'caller',
      advice: 'See --help of the verb for what it takes.',
    };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', detail, actor: 'leonore', advice: 'Report it together with what you did.' };
}
