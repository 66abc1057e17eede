import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { LeonoreError } from '../../domain/errors.js';
import type { BoundedLog } from '../bounded-log.js';
import { loopback } from '../free-port.js';
import { describeExit, type GuardedProcess, type OrphanRule, spawnGuarded } from '../guarded-process.js';
import { type OsUser, postgresOsUser } from './os-user.js';
import { exists, postgresPrograms, type PostgresPrograms } from './programs.js';

const execute = promisify(execFile);

const superuser = 'postgres';
/** A server that recovers after a crash may take a while before it answers. */
const startTimeoutMs = 60_000;

/** One PostgreSQL cluster on disk, ready to be served. */
export interface PostgresCluster {
  readonly directory: string;
  readonly password: string;
  readonly osUser: OsUser;
  readonly programs: PostgresPrograms;
}

/**
 * Opens the cluster in `directory`, creating it first when there is none. Creating is atomic: an interrupted attempt
 * leaves nothing that would be taken for a cluster. The superuser's password is random, made once, and lies beside
 * the cluster in a file that only this user reads.
 * @throws LeonoreError DATABASE_UNAVAILABLE
 */
export async function openCluster(directory: string): Promise<PostgresCluster> {
  const programs = await postgresPrograms();
  await mkdir(dirname(directory), { recursive: true });
  const osUser = await postgresOsUser([programs.postgres, directory]);
  const passwordFile = `${directory}.password`;
  if (!(await exists(directory))) await createCluster(directory, passwordFile, programs, osUser);
  return { directory, password: await readFile(passwordFile, 'utf8'), osUser, programs };
}

async function createCluster(
  directory: string,
  passwordFile: string,
  programs: PostgresPrograms,
  osUser: OsUser,
): Promise<void> {
  const draft = `${directory}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  // initdb reads the password as the user that it runs as, so it gets a copy that user owns.
  const passwordCopy = `${directory}.pwfile`;
  await writeFile(passwordCopy, await readFile(passwordFile), { mode: 0o600 });
  const { owner } = osUser;
  if (owner !== undefined) {
    await Promise.all([draft, passwordCopy].map((path) => chown(path, owner.uid, owner.gid)));
  }
  const command = [
    ...osUser.prefix,
    programs.initdb,
    `--pgdata=${draft}`,
    `--username=${superuser}`,
    `--pwfile=${passwordCopy}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Sorts the same on every machine, whatever locales it has.
    '--locale-provider=builtin',
    '--locale=C.UTF-8',
    '--lc-messages=C',
    '--no-instructions',
    '--no-sync',
  ];
  try {
    await execute(command[0] ?? '', command.slice(1), { cwd: '/', ...osUser.user });
    await rename(draft, directory);
  } catch (cause) {
    throw new LeonoreError(
      'DATABASE_UNAVAILABLE',
      `PostgreSQL could not create its data directory ${directory}: ${outputOf(cause)}`,
      {},
      { cause },
    );
  } finally {
    await rm(passwordCopy, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

export interface ServeOptions {
  readonly port: number;
  readonly log?: BoundedLog;
  /** Server settings (`name=value`) beyond those of the stack. */
  readonly settings?: readonly string[];
  readonly orphan: OrphanRule;
  /** Told of the process as soon as it exists. */
  readonly spawned?: (process: GuardedProcess) => void;
}

/**
 * Serves a cluster on the loopback interface and waits until it answers.
 * @throws LeonoreError DATABASE_UNAVAILABLE when it ends or does not answer in time
 */
export async function servePostgres(
  cluster: PostgresCluster,
  options: ServeOptions,
): Promise<GuardedProcess> {
  const settings = [
    `listen_addresses=${loopback}`,
    'unix_socket_directories=',
    'max_connections=200',
    // Short statements: compiling them costs more than it saves.
    'jit=off',
    'timezone=UTC',
    'log_timezone=UTC',
    ...(options.settings ?? []),
  ];
  const command = [
    ...cluster.osUser.prefix,
    cluster.programs.postgres,
    '-D',
    cluster.directory,
    '-p',
    String(options.port),
    ...settings.flatMap((setting) => ['-c', setting]),
  ];
  const server = await spawnGuarded({
    command: command[0] ?? '',
    args: command.slice(1),
    env: process.env,
    cwd: '/',
    orphan: options.orphan,
    ...(cluster.osUser.user === undefined ? {} : { user: cluster.osUser.user }),
    ...(options.log === undefined ? {} : { log: options.log }),
  });
  options.spawned?.(server);
  await untilAnswers(server, clusterUrl(cluster, options.port, 'postgres'), options.log);
  return server;
}

/** Connection URL of a database of the cluster. Holds the password: never log it. */
export function clusterUrl(cluster: PostgresCluster, port: number, database: string): string {
  return `postgresql://${superuser}:${cluster.password}@${loopback}:${port}/${database}`;
}

/** Creates `database` unless it is there. */
export async function ensureDatabase(adminUrl: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

async function untilAnswers(server: GuardedProcess, url: string, log?: BoundedLog): Promise<void> {
  const deadlineMs = Date.now() + startTimeoutMs;
  while (!(await answers(url))) {
    if (!server.isRunning()) {
      const how = describeExit(await server.exited);
      throw new LeonoreError(
        'DATABASE_UNAVAILABLE',
        `PostgreSQL did not start (${how})\n${log?.tail() ?? ''}`,
      );
    }
    if (Date.now() > deadlineMs) {
      await server.end('SIGQUIT', 5_000);
      throw new LeonoreError(
        'DATABASE_UNAVAILABLE',
        `PostgreSQL did not answer within ${startTimeoutMs / 1000} s\n${log?.tail() ?? ''}`,
      );
    }
    await delay(30);
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function outputOf(error: unknown): string {
  // No instanceof: under Jest, errors of Node.js belong to another realm.
  const { stderr } = error as { readonly stderr?: unknown };
  return typeof stderr === 'string' && stderr !== '' ? stderr.trim() : String(error);
}
