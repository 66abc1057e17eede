/** Signing in to the dashboard by an OpenID provider, in a real browser. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { freePort } from '../../stack/free-port.js';
import { buildingFleet, type BuildingFleet } from '../support/building-fleet.js';
import { dashboardBed, expectAccessible, type DashboardBed } from '../support/dashboard-bed.js';
import { signInAt, testProvider, type TestProvider } from '../support/identity-provider.js';
import { testApi, type TestApi } from '../support/test-api.js';

let provider: TestProvider;
let api: TestApi;
let fleet: BuildingFleet;
let bed: DashboardBed;

beforeAll(async () => {
  const port = await freePort();
  const publicUrl = new URL(`http://127.0.0.1:${port}`);
  provider = await testProvider({
    at: publicUrl,
    accounts: {
      anna: { preferred_username: 'anna', groups: ['site'] },
      carl: { preferred_username: 'carl', groups: ['cooks'] },
    },
  });
  const roles = `site: [ { role: operator, scope: 'labels.building == "b1"' } ]`;
  // Nothing listens where Temporal would be.
  api = await testApi('127.0.0.1:1', { port, signIn: signInAt(provider, roles, { publicUrl }) });
  fleet = await buildingFleet(api.repositories);
  bed = await dashboardBed(api.address);
}, 600_000);

afterAll(async () => {
  await bed.close();
  await api.close();
  await provider.close();
});

async function signInAs(page: Page, login: string): Promise<void> {
  await page.getByRole('link', { name: `Sign in by ${provider.issuer.host}` }).click();
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill('x');
  await page.locator('button[type=submit]').click();
}

test('somebody signs in, is signed out in the middle of his work, and goes on with it', async () => {
  const page = await bed.visit(null, '/gateways?text=gw-b1');
  if (page === null) return;
  await page.getByRole('link', { name: /Sign in by/ }).waitFor();
  await expectAccessible(page);
  await signInAs(page, 'anna');
  await page.getByRole('row', { name: new RegExp(fleet.inside[0]) }).waitFor();
  expect(new URL(page.url()).search).toBe('?text=gw-b1');
  await page.getByText(`anna@${provider.issuer.host}`).waitFor();

  await page.goto(`${api.address}/plan`);
  await page.getByLabel('What', { exact: true }).fill('app');
  await page.getByText('gateways by id').click();
  await page.getByLabel('Gateways', { exact: true }).fill(fleet.inside[0]);
  await api.repositories.database.personSession.deleteMany();
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
  await page.getByRole('button', { name: /Sign in by/ }).waitFor();
  await expectAccessible(page);
  // The provider knows him still; the window closes by itself, or says that it may be closed.
  await Promise.all([
    page.waitForResponse((answer) => answer.url().endsWith('/api/v1/plans') && answer.ok()),
    page.getByRole('button', { name: /Sign in by/ }).click(),
  ]);
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  expect(await page.getByLabel('What', { exact: true }).inputValue()).toBe('app');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: /Sign in by/ }).waitFor();
  expect(await api.repositories.sessions.list()).toEqual([]);
  await page.reload();
  await page.getByRole('link', { name: /Sign in by/ }).waitFor();
  await bed.leave();
});

test('who has no role here is told so', async () => {
  const page = await bed.visit(null, '/');
  if (page === null) return;
  await signInAs(page, 'carl');
  await page
    .getByRole('alert')
    .getByText(/none of the groups of carl@\S+ has a role here/)
    .waitFor();
  await expectAccessible(page);
  await page.reload();
  await page.getByRole('link', { name: /Sign in by/ }).waitFor();
  expect(await page.getByText('none of the groups').count()).toBe(0);
  await bed.leave();
});
