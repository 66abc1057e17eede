/**
 * What the agent uses of undici: the bundle has this in its place. The package's own entry loads all that there is, also fetch,
 * web sockets, caches and mocks, which take 4 MB of a gateway's memory for nothing (docs/performance.md).
 */
import api from 'undici/lib/api/index.js';
import buildConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import globals from 'undici/lib/global.js';

Object.assign(Dispatcher.prototype, api);

export { Agent, buildConnector };

export function request(url, { dispatcher = globals.getGlobalDispatcher(), ...options }) {
  const { origin, pathname, search } = new URL(url);
  return dispatcher.request({ ...options, origin, path: `${pathname}${search}` });
}
