/** Jest's globalSetup of the projects whose tests use servers; the servers themselves start when they are asked for. */
import { register } from 'node:module';

// Jest transforms test files only: this process reads the TypeScript sources by itself.
register('../../../scripts/typescript-hooks.mjs', import.meta.url);

/** @type {import('./shared-servers.ts').SharedServers} */
export let servers;

export default async function globalSetup() {
  const [{ SharedServers }, { deskVariable }] = await Promise.all([
    import('./shared-servers.ts'),
    import('./ask-for-server.ts'),
  ]);
  servers = await SharedServers.open();
  process.env[deskVariable] = servers.url;
}
