/**
 * What operators do all day, in a real browser: a version that is broken, a gateway that fails, somebody else who has to
 * approve, a team that sees its own building. Behind it the API, real workflows on a real Temporal, PostgreSQL, and
 * gateways that install what they are told to.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { isCampaignEnded } from '../../domain/campaign/state.js';
import { isRolloutEnded } from '../../domain/rollout/state.js';
import { addToken } from '../support/building-fleet.js';
import {
  dashboardBed,
  expectAccessible,
  hostile,
  overflowAndMotion,
  settled,
  type DashboardBed,
} from '../support/dashboard-bed.js';
import { addGivenUpWebhook } from '../support/given-up-webhook.js';
import { tick } from '../support/in-process-leonore.js';
import { inProcessStack, type InProcessStack } from '../support/in-process-stack.js';
import { InstallingGateways } from '../support/installing-gateways.js';
import { testTokens } from '../support/test-api.js';

let stack: InProcessStack;
let bed: DashboardBed;
let gateways: InstallingGateways;
const north = ['gw-n1', 'gw-n2', 'gw-n3', 'gw-n4'];
const south = ['gw-s1'];
/** The rollout of the canary of the version that is broken. */
let brokenRollout = '';
/** Longer than any column: what a script printed, what somebody typed. */
const longest = 'w'.repeat(10_000);

beforeAll(async () => {
  stack = await inProcessStack('operators');
  bed = await dashboardBed(stack.api.address);
  const { builder, rolloutClient } = stack.leonore;
  gateways = new InstallingGateways(stack.api.repositories, rolloutClient);
  await builder.publish({ name: 'glass', version: '1.0.0', kind: 'library' }, { 'lib/glass': 'clear\n' });
  for (const version of ['1.0.0', '2.0.0', '3.0.0'])
    await builder.publish(
      { name: 'lamp', version, kind: 'application', requires: [{ name: 'glass', version: '^1' }] },
      { 'bin/lamp': `${version}\n` },
    );
  for (const name of ['mirror', 'prism'])
    await builder.publish({ name, version: '1.0.0', kind: 'library' }, { [`lib/${name}`]: 'bright\n' });
  await builder.publish(
    {
      name: 'beacon',
      version: '1.0.0',
      kind: 'application',
      requires: [{ anyOf: [{ name: 'mirror' }, { name: 'prism' }] }],
      conflicts: [{ name: 'lamp' }],
      restart: { policy: 'onFailure' },
    },
    { 'bin/beacon': 'x\n' },
  );
  await gateways.add(north, { building: 'north' });
  await gateways.add(south, { building: 'south' });
  for (const id of south)
    await stack.api.repositories.gateways.changeLabels(id, { set: { team: 'south' }, unset: [] });
  gateways.broken.set('lamp@3.0.0', {
    class: 'script',
    step: 'start',
    message: `the start script of lamp ended with status 4: no bulb in socket 7\n${longest}`,
  });
  await addGivenUpWebhook(stack.api.repositories, 'ops', hostile);
  await ended('rollouts', await asked('rollouts', { requests: ['lamp@1.0.0'], gateways: north }));
}, 600_000);

afterAll(async () => {
  await bed.close();
  await gateways.stop();
  await stack.close();
}, 300_000);

/** @returns the id of what was started */
async function asked(kind: 'rollouts' | 'campaigns', body: object, token = testTokens.operator as string) {
  const answer = await fetch(`${stack.api.address}/api/v1/${kind}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { readonly id: string }).id;
}

async function ended(kind: 'rollouts' | 'campaigns', id: string): Promise<string> {
  const { rollouts, campaigns } = stack.api.repositories;
  for (;;) {
    if (kind === 'rollouts') {
      const { state } = await rollouts.get(id);
      if (isRolloutEnded(state)) return state;
    } else {
      const { state } = await campaigns.get(id);
      if (isCampaignEnded(state)) return state;
    }
    await tick();
  }
}

/** Waits for what the campaign's page says of its state. */
/** From the rows of its deliveries and packages, not from what the page asks. */
function deliveryEvidence(campaignId: string) {
  return stack.api.repositories.database.$queryRaw<{ gatewayId: string; archiveDigest: string }[]>`
    SELECT m.gateway_id AS "gatewayId", p.archive_digest AS "archiveDigest"
    FROM campaign_member m JOIN delivery d ON d.rollout_id = m.rollout_id AND d.gateway_id = m.gateway_id
      JOIN rollout_group g ON g.id = d.group_id JOIN package p ON p.id = g.package_id
    WHERE m.campaign_id = ${campaignId}::uuid ORDER BY 1`;
}

const stands = (page: Page, state: string): Promise<void> =>
  page.locator('.page-head').getByText(state, { exact: true }).waitFor();

describe('a broken version', () => {
  test('halts at its canary, says why in the words of its script, and is brought back from the page', async () => {
    const id = await asked('campaigns', {
      requests: ['lamp@3.0.0'],
      gateways: north,
      strategy: { phases: [{ name: 'canary', count: 1 }], errorBudget: { count: 0, onBreach: 'pause' } },
    });
    const page = await bed.visit(testTokens.operator, `/campaigns/${id}`);
    if (page === null) return;
    await stands(page, 'paused');
    const failed = page.getByRole('region', { name: 'What failed' });
    await failed.getByText('1 gateway').waitFor();
    await failed.getByText('the start script of lamp ended with status #').waitFor();
    await expectAccessible(page);
    await page.getByRole('region', { name: 'Rollouts' }).getByRole('link').first().click();
    const why = page.getByRole('region', { name: 'Why not' });
    await why.getByText('the start script of lamp ended with status #').waitFor();
    await why.getByText('What its script printed last').click();
    await why.getByText(/no bulb in socket 7/).waitFor();
    await expectAccessible(page);
    brokenRollout = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await page.goBack();
    await page.getByRole('button', { name: 'Roll back…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Bring back what was?' });
    const confirm = dialog.getByRole('button', { name: 'Roll back' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel(/^Why/).fill('no bulbs anywhere');
    await dialog.getByLabel(/^Type/).fill('lamp@3.0.0');
    await expectAccessible(page);
    await confirm.click();
    await stands(page, 'rolled-back');
    await page
      .getByRole('region', { name: 'What happened' })
      .getByText(/no bulbs anywhere/)
      .first()
      .waitFor();
    for (const gateway of north) expect(await gateways.installed(gateway)).toContain('lamp@1.0.0');
    await bed.leave();
  });

  test('leads from its gateway to what happened there', async () => {
    const page = await bed.visit(testTokens.viewer, '/gateways?artifact=lamp%401.0.0');
    if (page === null) return;
    await page.getByRole('row', { name: /gw-n1/ }).waitFor();
    await page.goto(`${stack.api.address}/rollouts/${brokenRollout}`);
    await page.getByRole('region', { name: 'Why not' }).getByRole('link', { name: /gw-n/ }).click();
    await page
      .getByText(/the start script of lamp ended with status 4/)
      .filter({ visible: true })
      .first()
      .waitFor();
    await page
      .getByRole('region', { name: 'History' })
      .getByText(/failed/)
      .first()
      .waitFor();
    await expectAccessible(page);
    expect((await overflowAndMotion(page)).over).toBe(0);
    await bed.leave();
  });
});

describe('what failed', () => {
  test('is tried again from the page, and has what it lacked then', async () => {
    const lamp = 'lamp@2.0.0';
    gateways.broken.set(lamp, { class: 'space', step: 'unpack', message: 'no space is left' });
    const id = await asked('campaigns', {
      requests: [lamp],
      gateways: north.slice(0, 2),
      strategy: { phases: [], errorBudget: { count: 0, onBreach: 'pause' } },
    });
    const page = await bed.visit(testTokens.operator, `/campaigns/${id}`);
    if (page === null) return;
    await stands(page, 'paused');
    await page.getByRole('region', { name: 'What failed' }).getByText('no space is left').first().waitFor();
    gateways.broken.delete(lamp);
    for (const verb of ['Retry', 'Resume']) {
      await page.getByRole('button', { name: `${verb}…` }).click();
      await page.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    }
    await stands(page, 'succeeded');
    const over = page.getByRole('region', { name: 'Over time' });
    await over.getByText(/When it began, between/).waitFor();
    await over.getByText('Gateways that have ended, over time as a table').click();
    await over.getByRole('row').last().waitFor();
    await expectAccessible(page);
    for (const gateway of north.slice(0, 2)) expect(await gateways.installed(gateway)).toContain(lamp);
    await bed.leave();
  });
});

describe('many gateways', () => {
  test('are given an order together, after it was said whom it touches', async () => {
    const page = await bed.visit(testTokens.operator, '/gateways?text=gw-n');
    if (page === null) return;
    for (const name of [/gw-n1/, /gw-n2/])
      await page.getByRole('row', { name }).getByRole('checkbox').check({ force: true });
    await page.getByText('2 gateways chosen').waitFor();
    await page.getByRole('button', { name: 'Order…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Artifact, by name').fill('lamp');
    await dialog.getByText('have it and get').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Order', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.goto(`${stack.api.address}/orders`);
    await page.getByRole('row', { name: /gw-n2/ }).getByText(/stop/).waitFor();
    await bed.leave();
  });
});

test('a campaign is paused, goes on, and is stopped from its page, with the reason that was given', async () => {
  const strategy = { phases: [{ name: 'first', count: 1, gate: { approval: { role: 'operator' } } }] };
  // Chance says who goes first, and some of them have a newer one.
  const body = { requests: ['lamp@1.0.0'], allowDowngrade: true, gateways: north, strategy };
  const id = await asked('campaigns', body);
  const page = await bed.visit(testTokens.operator, `/campaigns/${id}`);
  if (page === null) return;
  await stands(page, 'awaiting-approval');
  for (const [verb, state] of [
    ['Pause', 'paused'],
    ['Resume', 'awaiting-approval'],
    ['Stop', 'stopped'],
  ] as const) {
    await page.getByRole('button', { name: `${verb}…` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/^Why/).fill(`${verb} for the lift`);
    await dialog.getByRole('button', { name: verb }).click();
    await stands(page, state);
    await page
      .getByRole('region', { name: 'What happened' })
      .getByRole('listitem')
      .getByText(`${verb} for the lift`)
      .first()
      .waitFor();
  }
  await expectAccessible(page);
  await bed.leave();
});

describe('two people', () => {
  test('a second one approves what the first has begun, and is named', async () => {
    const [ann, ben] = await Promise.all(
      ['ann', 'ben'].map((name) =>
        addToken(stack.api.repositories, [{ role: 'operator', scope: null }], { name }),
      ),
    );
    const strategy = {
      phases: [{ name: 'first', count: 1, gate: { approval: { role: 'operator' } } }],
    };
    const id = await asked('campaigns', { requests: ['lamp@2.0.0'], gateways: north, strategy }, ann);
    const looking = await bed.visit(testTokens.viewer, `/campaigns/${id}`);
    const page = await bed.visit(ben ?? '', `/campaigns/${id}`);
    if (page === null || looking === null) return;
    await stands(page, 'awaiting-approval');
    await stands(looking, 'awaiting-approval');
    expect(await looking.getByRole('button', { name: 'Approve…' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Approve…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await stands(page, 'succeeded');
    // Who only looks is told without asking.
    await stands(looking, 'succeeded');
    await page.getByRole('region', { name: 'What happened' }).getByText(/ben/).first().waitFor();
    // Each delivery that brought something has its evidence: what the gateway has now, and by which archive it came.
    const evidence = await deliveryEvidence(id);
    expect(evidence.length).toBeGreaterThan(0);
    await page.getByRole('link', { name: 'Report' }).click();
    for (const { gatewayId, archiveDigest } of evidence) {
      const row = page.getByRole('row', { name: gatewayId });
      for (const cell of ['succeeded', /lamp@2\.0\.0/, archiveDigest.slice(0, 12)])
        await row.getByText(cell).first().waitFor();
    }
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ]);
    const lines = (await readFile(await file.path(), 'utf8')).trim().split(/\r?\n/);
    for (const { gatewayId, archiveDigest } of evidence)
      expect(lines.filter((line) => line.includes(gatewayId) && line.includes(archiveDigest))).toHaveLength(
        1,
      );
    await bed.leave();
  });

  test.each([
    ['the page knows already', true],
    ['the page does not know yet', false],
  ])('who comes too late is told so, and nothing is done twice: %s', async (_which, isTold) => {
    const strategy = { phases: [{ name: 'first', count: 1, gate: { approval: { role: 'operator' } } }] };
    const id = await asked('campaigns', {
      requests: [isTold ? 'lamp@1.0.0' : 'lamp@2.0.0'],
      allowDowngrade: true,
      gateways: north,
      strategy,
    });
    const page = await bed.visit(testTokens.operator, `/campaigns/${id}`);
    if (page === null) return;
    if (!isTold) {
      // Nothing comes by the stream, and what is asked for from now on has no answer.
      await page.route('**/api/v1/stream*', (route) => route.abort());
      await page.reload();
    }
    await stands(page, 'awaiting-approval');
    if (!isTold)
      await page.route('**/api/v1/campaigns/**', async (route) =>
        route.request().method() === 'GET' ? route.abort() : route.continue(),
      );
    await page.getByRole('button', { name: 'Pause…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Pause this campaign?' });
    await dialog.getByLabel(/^Why/).fill('too early');
    // Meanwhile somebody else ends it.
    const answer = await fetch(`${stack.api.address}/api/v1/campaigns/${id}/stop`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testTokens.admin}`, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBe(202);
    expect(await ended('campaigns', id)).toBe('stopped');
    const notice = dialog.getByText(/does not offer this any more/);
    if (isTold) await notice.waitFor();
    else expect(await notice.count()).toBe(0);
    expect(await dialog.getByLabel(/^Why/).inputValue()).toBe('too early');
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/has ended/)
      .waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Leave it' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await bed.leave();
  });
});

describe('a team', () => {
  test('sees its own building, by whatever way it looks', async () => {
    const token = await addToken(stack.api.repositories, [
      { role: 'operator', scope: 'labels.team == "south"' },
    ]);
    const page = await bed.visit(token, '/gateways');
    if (page === null) return;
    await page.getByRole('row', { name: /gw-s1/ }).waitFor();
    expect(await page.getByText(/gw-n/).count()).toBe(0);
    await page.goto(`${stack.api.address}/gateways/gw-n1`);
    await page.getByText('there is no gateway').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Part of a name or id' }).fill('gw-');
    await page.getByRole('option', { name: 'gw-s1 gateway' }).waitFor();
    expect(await page.getByRole('option', { name: /gw-n/ }).count()).toBe(0);
    await page.goto(`${stack.api.address}/plan?what=lamp&kind=select&where=id%20!%3D%20%22x%22`);
    await page.getByText('by 1 package in 1 group').waitFor();
    await page
      .locator('.card', { hasText: /^1\s*can be served,/ })
      .first()
      .waitFor();
    await page.goto(`${stack.api.address}/rollouts`);
    await settled(page);
    expect(await page.getByText(/lamp/).count()).toBe(0);
    await bed.leave();
  });
});

describe('a dry run', () => {
  test('ranks its plans, says what goes and what comes back, and what is otherwise than before', async () => {
    const page = await bed.visit(testTokens.operator, '/plan?what=glass&kind=gateways&where=gw-n1');
    if (page === null) return;
    const shared = page.getByRole('region', { name: 'Groups that share a package' });
    const since = page.getByRole('region', { name: 'Since the last dry run' });
    await page.getByText('can be served,').waitFor();
    await page.getByLabel('What', { exact: true }).fill('beacon');
    await page.getByText('Newer versions may take away what was asked for before').click();
    await page.getByRole('button', { name: 'Dry run', exact: true }).click();
    await shared.getByRole('heading', { name: /^Plan 1 of 2$/ }).waitFor();
    await shared.getByRole('heading', { name: /^Plan 2 of 2$/ }).waitFor();
    for (const said of [/Removes/, /\(was asked for\)/, /at its peak/, /started again unless with status 0/])
      await shared.getByText(said).first().waitFor();
    await since.getByRole('row', { name: /plan: .*beacon@1\.0\.0.* 0 gateways 1 gateway/ }).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Dry run', exact: true }).click();
    await since.getByText('It came to the same.').waitFor();
    await page.reload();
    await since.getByText('It came to the same.').waitFor();
    await bed.leave();
  });
});

describe('who did what', () => {
  test('is seen, with what came of it, and looked for by name', async () => {
    const page = await bed.visit(testTokens.admin, '/history');
    if (page === null) return;
    await page.getByLabel('Did', { exact: true }).fill('startRollout');
    await page.getByRole('button', { name: 'Search' }).click();
    await page
      .getByRole('row', { name: /operator/ })
      .first()
      .waitFor();
    await expectAccessible(page);
    await bed.leave();
  });
});

test('what a webhook could not be told is seen, tried anew, and a test is sent', async () => {
  const page = await bed.visit(testTokens.admin, '/access');
  if (page === null) return;
  const told = page.getByRole('region', { name: 'Table of deliveries to ops' });
  await told.getByText('it answered 500').waitFor();
  await page.getByRole('button', { name: 'Try anew what ops was not told' }).click();
  await page.getByRole('button', { name: 'Try anew what ops was not told' }).waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Test ops' }).click();
  await told
    .getByRole('row', { name: /webhook\.test/ })
    .nth(1)
    .waitFor();
  expect((await stack.api.repositories.webhooks.get('ops')).waiting).toBe(2);
  await expectAccessible(page);
  await bed.leave();
});

describe('an artifact', () => {
  test('shows whom it needs, who needs it, and what would break without it', async () => {
    const page = await bed.visit(testTokens.viewer, '/artifacts/glass');
    if (page === null) return;
    await page.getByRole('region', { name: 'Who needs whom' }).getByText('lamp').first().waitFor();
    await page.getByRole('region', { name: 'If it were removed' }).getByText(/lamp/).first().waitFor();
    await expectAccessible(page);
    await page.goto(`${stack.api.address}/artifacts/lamp?version=2.0.0`);
    await page.getByRole('region', { name: 'Who needs whom' }).getByText('glass').first().waitFor();
    await bed.leave();
  });
});

describe('what is typed', () => {
  test('may be half a selector, or ten thousand characters: it is said what is wrong, and nothing breaks', async () => {
    const page = await bed.visit(testTokens.operator, '/gateways');
    if (page === null) return;
    await page.goto(`${stack.api.address}/gateways?select=${encodeURIComponent('labels.building ==')}`);
    await page.getByRole('alert').first().waitFor();
    await expectAccessible(page);
    await page.goto(`${stack.api.address}/plan`);
    await page.getByLabel('What', { exact: true }).fill(longest);
    await page.getByText('gateways by id').click();
    await page.getByLabel('Gateways', { exact: true }).fill(longest);
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByRole('alert').first().waitFor();
    expect((await overflowAndMotion(page)).over).toBe(0);
    await bed.leave();
  });
});
