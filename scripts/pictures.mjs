/**
 * Pictures of the dashboard's pages, in both themes, from a LEONORE that runs: `npm run demo -- --keep` elsewhere, then
 * `LEONORE_SERVER=… LEONORE_TOKEN=… npm run pictures`. They go to docs/dashboard/.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { server, signIn, startBrowser, token, viewport } from './running-dashboard.mjs';

const target = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'dashboard');
/** What a page asks for has been drawn when nothing has been asked for so long. */
const settleMs = 1_500;

async function ask(path) {
  const answer = await fetch(`${server}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return (await answer.json()).items;
}

const [campaigns, rollouts, gateways, artifacts, packages, deployments, wanted] = await Promise.all(
  [
    '/campaigns',
    '/rollouts',
    '/gateways?state=online',
    '/artifacts',
    '/packages',
    '/deployments',
    '/wanted-states',
  ].map(ask),
);
/** The rollout with the most to tell: not all of it went well. */
const rollout = rollouts.find(({ state }) => state === 'partly') ?? rollouts[0];
const asked = rollout?.requests.join(', ') ?? '';
const pages = {
  overview: '/',
  gateways: '/gateways',
  ...(gateways[0] && { gateway: `/gateways/${encodeURIComponent(gateways.at(-1).id)}` }),
  ...(rollout && { rollout: `/rollouts/${rollout.id}` }),
  rollouts: '/rollouts',
  campaigns: '/campaigns',
  ...(campaigns[0] && {
    campaign: `/campaigns/${campaigns[0].id}`,
    report: `/campaigns/${campaigns[0].id}/report`,
  }),
  ...(rollout && {
    plan: `/plan?${new URLSearchParams({ what: asked, kind: 'gateways', where: gateways.map(({ id }) => id).join(' '), downgrade: 'yes' })}`,
  }),
  ...(artifacts[0] && { artifact: `/artifacts/${encodeURIComponent(artifacts.at(-1).name)}` }),
  artifacts: '/artifacts',
  packages: '/packages',
  ...(packages[0] && { package: `/packages/${encodeURIComponent(packages[0].id)}` }),
  deployments: '/deployments',
  ...(deployments[0] && { deployment: `/deployments/${encodeURIComponent(deployments[0].name)}` }),
  'wanted-states': '/wanted-states',
  ...(wanted[0] && { 'wanted-state': `/wanted-states/${wanted[0].id}` }),
  orders: '/orders',
  nodes: '/nodes',
  history: '/history',
  access: '/access',
};

mkdirSync(target, { recursive: true });
const browser = await startBrowser();
try {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport, colorScheme });
    await signIn(page, '/');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(server + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForTimeout(settleMs);
      await page.screenshot({ path: join(target, `${name}-${colorScheme}.png`) });
      process.stdout.write(`${name}-${colorScheme}.png\n`);
    }
    await page.close();
  }
} finally {
  await browser.close();
}
