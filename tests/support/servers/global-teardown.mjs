import { servers } from './global-setup.mjs';

export default async function globalTeardown() {
  await servers?.close();
}
