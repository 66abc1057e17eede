/** The dashboard with 100,000 gateways behind it: no page holds more of them than are seen. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { seedGateways, seedNodes } from '../../testbed/seed/seed-gateways.js';
import { dashboardBed, expectAccessible, show, type DashboardBed } from '../support/dashboard-bed.js';
import { startTestDatabase } from '../support/postgres.js';
import { testApi, testTokens, type TestApi } from '../support/test-api.js';

const gateways = 100_000;
/** Elements that a page may have, however many gateways there are. */
const mostElements = 1_500;

let api: TestApi;
let bed: DashboardBed;
let client: pg.Client;

beforeAll(async () => {
  const on = await startTestDatabase();
  // Nothing listens where Temporal would be.
  api = await testApi('127.0.0.1:1', { on });
  client = new pg.Client({ connectionString: on.url });
  await client.connect();
  await seedNodes(client, 4);
  await seedGateways(client, gateways, 4);
  await client.query('ANALYZE gateway');
  while (!(await api.repositories.facets.fold()));
  await api.repositories.fleetSamples.take();
  bed = await dashboardBed(api.address);
}, 600_000);

afterAll(async () => {
  await bed.close();
  await client.end();
  await api.close();
}, 300_000);

const elements = (page: Page) => page.locator('*').count();

async function count(condition: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM gateway g WHERE ${condition}`,
  );
  return rows[0]?.count ?? 0;
}

test('its list is drawn where it is seen', async () => {
  const page = await bed.visit(testTokens.operator, '/gateways');
  if (page === null) return;
  await page.getByText('100,000 gateways').waitFor();
  await page.getByRole('row', { name: /gw-0000000/ }).waitFor();
  expect(await elements(page)).toBeLessThan(mostElements);
  await expectAccessible(page);
  await bed.leave();
});

test('a search narrows it, and says how many are left, all of them counted', async () => {
  const page = await bed.visit(testTokens.viewer, '/gateways');
  if (page === null) return;
  await page.getByLabel('Selector').fill('labels.ring == "early"');
  await page.getByRole('button', { name: 'Search' }).click();
  const early = await count("labels ->> 'ring' = 'early'");
  expect(early).toBeGreaterThan(2_000);
  await page.getByText(`${early.toLocaleString('en')} gateways`).waitFor();
  const sites = page.getByRole('region', { name: 'Label site' });
  const atSite = await count(
    'labels @> \'{"ring": "early", "site": "site-3"}\' AND state <> \'decommissioned\'',
  );
  await sites.getByRole('button', { name: new RegExp(`^site-3 ?${atSite.toLocaleString('en')}$`) }).waitFor();
  await page.getByLabel('Id, name or label has').fill('gw-0000631');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('row', { name: /gw-0000631/ }).waitFor();
  expect(await page.getByRole('row').count()).toBe(2);
  expect(await elements(page)).toBeLessThan(mostElements);
  await bed.leave();
});

test('other pages hold as little of it', async () => {
  const page = await bed.visit(testTokens.admin, '/');
  if (page === null) return;
  for (const path of ['/', '/nodes', '/plan', '/access']) {
    await show(page, api.address + path);
    expect({ path, few: (await elements(page)) < mostElements }).toEqual({ path, few: true });
  }
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Part of a name or id' }).fill('gw-00777');
  await page
    .getByRole('option', { name: /gw-00777/ })
    .first()
    .waitFor();
  expect(await page.getByRole('option').count()).toBeLessThan(20);
  await bed.leave();
});

test('whoever goes through its list while it changes misses none that stays, and is shown none twice', async () => {
  const page = await bed.visit(testTokens.viewer, '/gateways');
  if (page === null) return;
  await page.getByRole('row', { name: /gw-0000000/ }).waitFor();
  // Of what has been read, and of what has not.
  await client.query('DELETE FROM gateway WHERE id = ANY($1)', [['gw-0000005', 'gw-0000305']]);
  for (const id of ['gw-0000007', 'gw-0000307'])
    await client.query(
      `INSERT INTO gateway SELECT (jsonb_populate_record(g, jsonb_build_object('id', g.id || '-new'))).*
       FROM gateway g WHERE g.id = $1`,
      [id],
    );
  const last = 'gw-0000450';
  const seen = new Set<string>();
  while (!seen.has(last)) {
    const shown = await page.evaluate<string[]>(
      `[...document.querySelectorAll('.grid [role=row][data-key]')].map((row) => row.dataset.key)`,
    );
    expect(new Set(shown).size).toBe(shown.length);
    for (const id of shown) seen.add(id);
    // The next rows are drawn with the frame after the one in which it is moved.
    await page.evaluate(`new Promise((drawn) => {
      document.querySelector('.grid').scrollTop += 300;
      requestAnimationFrame(() => requestAnimationFrame(drawn));
    })`);
  }
  // What came or went meanwhile may have been read before or after that.
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM gateway WHERE id <= $1 AND id NOT LIKE '%-new'`,
    [last],
  );
  expect(rows.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([]);
  await bed.leave();
}, 120_000);
