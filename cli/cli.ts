import type { Command } from 'commander';
import type { LeonoreClient } from '../client/leonore-client.js';
import type { IdentifiedKind } from '../client/resources.js';
import { confirm } from './confirm.js';
import { connect, type ConnectionOptions } from './connection.js';
import { ExitCode } from './exit-code.js';
import { Output, type OutputStream } from './output.js';
import { wholeId } from './whole-id.js';

/** Where a run of the CLI reads from and writes to. */
export interface CliEnvironment {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: NodeJS.ProcessEnv;
  /** Where people answer questions; nobody is asked when it is no terminal. */
  readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
}

export interface CommonOptions extends ConnectionOptions {
  readonly json?: true;
}

/** What a verb works with. */
export interface VerbContext<Options> {
  readonly client: LeonoreClient;
  readonly out: Output;
  readonly options: Options & CommonOptions;
  /** Progress for people; never part of the result. */
  readonly progress: OutputStream;
  /** Asks whether what is to be destroyed is meant; a verb that does so takes --yes (confirm.ts). */
  readonly confirm: (what: string) => Promise<void>;
}

/** What a verb works with that needs no server, or not always. */
export interface OfflineContext<Options> {
  readonly out: Output;
  readonly options: Options & CommonOptions;
  /** @throws ClientError when no server is named */
  readonly connect: () => Promise<LeonoreClient>;
}

/** What a verb came to; nothing means done. */
type Outcome = ExitCode | undefined;

/** Gets the arguments in the order in which the command declares them. */
type Verb<Options> = (context: VerbContext<Options>, ...args: never[]) => Promise<Outcome>;
type OfflineVerb<Options> = (context: OfflineContext<Options>, ...args: never[]) => Promise<Outcome>;

/** One run of the CLI. */
export class Cli {
  exitCode: ExitCode = ExitCode.Done;

  constructor(readonly environment: CliEnvironment) {}

  /**
   * Makes a command one that talks to the server.
   * @param firstIs what its first argument is the id of; the beginning of an id will do
   */
  serverVerb<Options>(
    command: Command,
    run: Verb<Options>,
    firstIs?: readonly [IdentifiedKind, ...IdentifiedKind[]],
  ): Command {
    return command.action(async () => {
      const { stdout, stderr, env } = this.environment;
      const options = command.opts<Options & CommonOptions>();
      const context = {
        client: await connect(options, env),
        out: new Output(stdout, options.json === true, env),
        options,
        progress: stderr,
        confirm: (what: string) => confirm(this.environment, options, what),
      };
      const [first, ...others] = command.processedArgs as string[];
      const args =
        first === undefined || firstIs === undefined
          ? command.processedArgs
          : [await wholeId(context.client, firstIs, first), ...others];
      this.exitCode = (await run(context, ...(args as never[]))) ?? ExitCode.Done;
    });
  }

  /** Makes a command one that works on this machine, and connects to a server only if it asks for one. */
  offlineVerb<Options>(command: Command, run: OfflineVerb<Options>): Command {
    return command.action(async () => {
      const { stdout, env } = this.environment;
      const options = command.opts<Options & CommonOptions>();
      const out = new Output(stdout, options.json === true, env);
      const context = { out, options, connect: async () => connect(options, env) };
      this.exitCode = (await run(context, ...(command.processedArgs as never[]))) ?? ExitCode.Done;
    });
  }
}
