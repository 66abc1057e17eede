/**
 * Jest's globalSetup of the projects whose tests use Temporal. On a machine that has no Temporal it is built or fetched
 * here, before any test: minutes that would be taken for a test's own.
 */
import globalSetup from './global-setup.mjs';

export default async function globalSetupWithTemporal() {
  await globalSetup();
  const [{ obtainTemporalCli }, { obtainTestServer }] = await Promise.all([
    import('../../../stack/temporal/obtain-cli.ts'),
    import('../../../stack/temporal/obtain-test-server.ts'),
  ]);
  const onProgress = (line) => process.stderr.write(`${line}\n`);
  await obtainTemporalCli({ onProgress });
  await obtainTestServer({ onProgress });
}
