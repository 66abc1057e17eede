/** Jest's globalSetup of the projects whose tests use servers; the servers themselves start when they are asked for. */
import { register } from 'node:module';

// Jest transforms test files only: this process reads the TypeScript sources by itself.
register('../../../scripts/typescript-hooks.mjs', import.meta.url);

/** @type {import('./shared-servers.ts').SharedServers | undefined} */
export let servers;

export default async function globalSetup() {
  // Projects with a set-up of their own call this one, too.
  if (servers !== undefined) return;
  const [{ SharedServers }, { deskVariable }] = await Promise.all([
    import('./shared-servers.ts'),
    import('./ask-for-server.ts'),
  ]);
  servers = await SharedServers.open();
  process.env[deskVariable] = servers.url;
}
