import type { SharedServer } from './shared-servers.js';

/** Where the desk of the shared servers listens; set by global-setup.mjs, and by nobody where a project has none. */
export const deskVariable = 'LEONORE_TEST_SERVERS';

/**
 * Asks for a server that all test files of a run share; the first one to ask waits until it has started.
 * @throws Error when the tests of the room have no servers (jest.config.mjs), or the server does not start
 */
export async function askForServer<Name extends keyof SharedServer>(name: Name): Promise<SharedServer[Name]> {
  const desk = process.env[deskVariable];
  if (desk === undefined)
    throw new Error(
      `the tests of this room run without servers, so there is no ${name}: see jest.config.mjs`,
    );
  const answer = await fetch(`${desk}/${name}`);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as SharedServer[Name];
}
