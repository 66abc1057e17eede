/**
 * The dashboard in a real browser: the API, real workflows on a real Temporal, PostgreSQL, gateways as small as can be.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { profileOf, addGateways } from '../support/test-repositories.js';
import {
  cellsOf,
  dashboardBed,
  expectAccessible,
  hostile,
  overflowAndMotion,
  show,
  signIn,
  type DashboardBed,
} from '../support/dashboard-bed.js';
import { inProcessStack, type InProcessStack } from '../support/in-process-stack.js';
import { testTemporalUi, testTokens } from '../support/test-api.js';

let stack: InProcessStack;
let bed: DashboardBed;
/** Where the campaign is seen that was started without a mouse. */
let campaignPath = '';

beforeAll(async () => {
  stack = await inProcessStack('dashboard');
  bed = await dashboardBed(stack.api.address);
  const { builder, gateways } = stack.leonore;
  await builder.publish({ name: 'lamp', version: '1.0.0', kind: 'application', requires: [] }, {});
  await builder.publish(
    { name: 'probe', version: '1.0.0', kind: 'application', requires: [{ name: 'sensor-board' }] },
    {},
  );
  await gateways.add('gw', ['answers', 'answers', 'answers']);
  await addGateways(stack.api.repositories, [profileOf('gw-odd', { labels: { note: hostile } })]);
}, 600_000);

afterAll(async () => {
  await bed.close();
  await stack.close();
}, 300_000);

async function startRollout(request: string, gateways: string[]): Promise<{ readonly id: string }> {
  const answer = await fetch(`${stack.api.address}/api/v1/rollouts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testTokens.operator}`, 'content-type': 'application/json' },
    body: JSON.stringify({ requests: [request], gateways }),
  });
  expect(answer.status).toBe(202);
  return (await answer.json()) as { readonly id: string };
}

describe('who is signed in', () => {
  test('a token that is not valid is refused; a valid one leads to where the address says', async () => {
    const page = await bed.visit(null, '/gateways?text=gw-1');
    if (page === null) return;
    await page.getByLabel('Token').fill('nonsense');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('That token is not valid.').waitFor();
    await expectAccessible(page);
    await signIn(page, testTokens.viewer);
    await page.getByRole('heading', { name: 'Gateways' }).waitFor();
    await page.getByRole('row', { name: /gw-1/ }).waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
    expect(await page.title()).toBe('Gateways · LEONORE');
    await bed.leave();
  });

  test('when it ends in the middle, nothing typed is lost', async () => {
    const page = await bed.visit(testTokens.operator, '/plan');
    if (page === null) return;
    await page.getByLabel('What', { exact: true }).fill('lamp');
    await page.getByText('gateways by id').click();
    await page.getByLabel('Gateways', { exact: true }).fill('gw-0');
    await page.route('**/api/v1/**', (route) =>
      route.fulfill({
        status: 401,
        contentType: 'application/problem+json',
        body: '{"code":"UNAUTHENTICATED"}',
      }),
    );
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByRole('dialog', { name: 'Sign in again' }).waitFor();
    await expectAccessible(page);
    await page.unroute('**/api/v1/**');
    await signIn(page, testTokens.operator);
    await page.getByText('can be served,').waitFor();
    expect(await page.getByLabel('What', { exact: true }).inputValue()).toBe('lamp');
    await bed.leave();
  });

  test('a viewer sees everything and is offered nothing that changes it', async () => {
    const page = await bed.visit(testTokens.viewer, '/gateways/gw-0');
    if (page === null) return;
    await page.getByRole('heading', { name: 'gw-0' }).waitFor();
    await page.getByRole('region', { name: 'History' }).getByText('registered').first().waitFor();
    expect(await page.getByRole('button', { name: /Decommission|Uninstall|profile/ }).count()).toBe(0);
    await page.goto(`${stack.api.address}/plan?what=lamp&kind=gateways&where=gw-0`);
    await page.getByText('Your role may plan, and not start.').waitFor();
    expect(await page.getByRole('button', { name: 'Start the campaign' }).count()).toBe(0);
    await bed.leave();
  });
});

/** What a row of a table holds beside its heading. */
describe('from a dry run to a finished campaign', () => {
  test('without a mouse', async () => {
    const page = await bed.visit(testTokens.operator, '/plan');
    if (page === null) return;
    await page.getByLabel('What', { exact: true }).focus();
    await page.keyboard.type('lamp@^1');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Tab');
    await page.keyboard.type('id in ("gw-0", "gw-1", "gw-2")');
    await page.keyboard.press('Enter');
    await page.getByText('by 1 package in 1 group').waitFor();
    await page.getByText('leonore plan lamp@^1 --select').waitFor();
    // What the campaign comes to, phase by phase: with three gateways a twentieth is one.
    const phases = page.getByRole('region', { name: 'Table of phases' });
    await phases.getByRole('row', { name: /canary/ }).waitFor();
    const head = [
      'Phase',
      'Gateways',
      'Packages to build',
      'To fetch',
      'Busiest site',
      'Begins',
      'Ends',
      'Gate',
    ];
    expect(await phases.getByRole('columnheader').allInnerTexts()).toEqual(head);
    const canary = await cellsOf(phases, /canary/);
    const rest = await cellsOf(phases, /rest/);
    // What the first phase has had built is there for the next.
    expect([canary.slice(0, 2), rest.slice(0, 2)]).toEqual([
      ['1', '1, 0 there already'],
      ['2', '0, 1 there already'],
    ]);
    expect(canary[2]).toMatch(/^\d+(\.\d+)? \w+$/);
    expect(canary[3]).toBe(`(none): ${canary[2]}`);
    expect(canary.at(-1)).toBe('95 % succeeded, well for 10 min');
    await page.getByText('When more than 5 % failed').waitFor();
    await expectAccessible(page);
    await page.getByRole('radio', { name: 'canary' }).focus();
    await page.keyboard.press('ArrowLeft');
    await page.getByText('--strategy all-at-once').waitFor();
    await page.getByText(/^3 gateways; if all goes well, it ends \w+ \d+, \d+/).waitFor();
    // What it would do with the other strategy is asked first; the button waits for that.
    await page.locator('button:enabled', { hasText: 'Start the campaign' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /lamp@\^1 to/ }).waitFor();
    await page.locator('.page-head').getByText('succeeded').waitFor();
    await page.getByText('3 succeeded').first().waitFor();
    campaignPath = new URL(page.url()).pathname;
    const workflow = encodeURIComponent(`campaign/${campaignPath.split('/').at(-1) ?? ''}`);
    expect(await page.getByRole('link', { name: 'In Temporal' }).getAttribute('href')).toBe(
      `${testTemporalUi}/namespaces/${stack.temporal.namespace}/workflows/${workflow}`,
    );
    await page
      .getByRole('region', { name: 'Over time' })
      .getByText(/ended 3$/)
      .waitFor();
    await expectAccessible(page);
    await page
      .getByRole('link', { name: /phase 1/ })
      .first()
      .click();
    await page.getByRole('region', { name: 'Progress' }).getByText('3 of 3 ended').waitFor();
    await expectAccessible(page);
    await page.goBack();
    await page.getByRole('region', { name: 'Phases' }).first().waitFor();
    await page.getByRole('link', { name: 'Report' }).click();
    await page.getByRole('row', { name: /gw-2/ }).waitFor();
    await expectAccessible(page);
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CSV' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/^campaign-.*\.csv$/);
    await bed.leave();
  });

  test('why a gateway cannot be served is said, with what helps', async () => {
    const page = await bed.visit(testTokens.operator, '/plan?what=probe&kind=gateways&where=gw-0%20gw-1');
    if (page === null) return;
    await page.getByText(/No plan installs probe/).waitFor();
    await page.getByText(/Nearest help:/).waitFor();
    expect(await page.getByRole('button', { name: 'Start the campaign' }).isDisabled()).toBe(true);
    await bed.leave();
  });
});

test('what a deployment is kept at is asked for, with how new versions go out', async () => {
  const page = await bed.visit(testTokens.operator, '/wanted-states');
  if (page === null) return;
  await stack.api.repositories.deployments.create('hall', { gatewayIds: [], selector: 'labels.hall' });
  await page.getByRole('link', { name: 'Keep something' }).click();
  const keep = page.getByRole('button', { name: 'Keep it' });
  await keep.click();
  await page.getByText('Say which deployment.').waitFor();
  await page.getByLabel('What', { exact: true }).fill('lamp@^1');
  await page.getByLabel('Deployment', { exact: true }).fill('nowhere');
  await page.getByText('by themselves, bit by bit').click();
  await page.getByText('careful', { exact: true }).click();
  await page.getByText('First canary 1 %, then early 9 %').waitFor();
  await expectAccessible(page);
  await keep.click();
  await page.getByText(/there is no deployment/).waitFor();
  await page.getByLabel('Deployment', { exact: true }).fill('hall');
  await page.getByText('leonore want lamp@^1 --deployment hall --strategy careful').waitFor();
  await keep.click();
  await page.getByRole('heading', { name: 'lamp@^1 on hall' }).waitFor();
  await page.getByText('go out by campaigns').waitFor();
  const [wanted] = await stack.api.repositories.wantedStates.open();
  expect(wanted?.strategy?.phases.map(({ name }) => name)).toEqual(['canary', 'early', 'half']);
  await page.getByRole('button', { name: 'End it' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End it' }).click();
  await page.getByText(', ended').waitFor();
  await bed.leave();
});

describe('a rollout', () => {
  test('says why it did not go well, by number of gateways, and whom it concerns', async () => {
    const page = await bed.visit(testTokens.operator, '/');
    if (page === null) return;
    const { id } = await startRollout('probe', ['gw-0', 'gw-1']);
    await page.goto(`${stack.api.address}/rollouts/${id}`);
    const reasons = page.getByRole('region', { name: 'Why not' });
    await reasons.getByText('2 gateways').waitFor();
    await reasons.getByRole('button', { name: /Show its gateways/ }).click();
    await page.getByRole('row', { name: /gw-1/ }).waitFor();
    expect(new URL(page.url()).searchParams.get('reason')).toMatch(/./);
    await expectAccessible(page);
    await reasons.getByRole('button', { name: 'Plan it for them again' }).click();
    await page.getByRole('heading', { name: 'Plan' }).waitFor();
    const asked = new URL(page.url()).searchParams;
    expect([asked.get('what'), asked.get('kind'), asked.get('where')?.split(' ').sort()]).toEqual([
      'probe',
      'gateways',
      ['gw-0', 'gw-1'],
    ]);
    await bed.leave();
  });

  test('is told of as it happens; a stream that was cut goes on where it was', async () => {
    const page = await bed.visit(testTokens.viewer, '/');
    if (page === null) return;
    let isCut = false;
    await page.route('**/api/v1/stream?*', async (route) => {
      // The page before this one may still be asking.
      if (isCut || !route.request().frame().url().endsWith('/rollouts')) return route.continue();
      isCut = true;
      const at = new Date().toISOString();
      return route.fulfill({
        contentType: 'text/event-stream',
        body: `event: tick\nid: rollouts=before\ndata: {"at":"${at}","ageMs":0}\n\nevent: rollouts\nda`,
      });
    });
    const [resumed] = await Promise.all([
      page.waitForRequest((request) => 'last-event-id' in request.headers()),
      page.goto(`${stack.api.address}/rollouts`),
    ]);
    expect(resumed.headers()['last-event-id']).toBe('rollouts=before');
    await bed.leave();
  });

  test('appears without being asked for', async () => {
    const page = await bed.visit(testTokens.viewer, '/rollouts');
    if (page === null) return;
    await page.getByRole('grid', { name: /Rollouts/ }).waitFor();
    // From now on no list is answered: what appears was told.
    await page.route('**/api/v1/rollouts?*', () => undefined);
    const ofLamps = page.getByRole('row', { name: 'lamp@1.0.0' });
    const before = await ofLamps.count();
    await startRollout('lamp@1.0.0', ['gw-2']);
    await ofLamps.nth(before).waitFor();
    // A stream that says nothing is noticed, and its age is said.
    await page.route('**/api/v1/stream?*', () => undefined);
    await page.goto(`${stack.api.address}/nodes`);
    await page.getByText(/The last news are \d+ s old/).waitFor();
    await expectAccessible(page);
    await bed.leave();
  });
});

describe('gateways', () => {
  test('are narrowed by what the server counted, kept as a view, and ordered together', async () => {
    const page = await bed.visit(testTokens.operator, '/gateways');
    if (page === null) return;
    await page
      .getByRole('region', { name: 'State' })
      .getByRole('button', { name: /online/ })
      .click();
    await page.getByText('Saved views').click();
    await page.getByLabel('Name of what is shown now').fill('those that answer');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.goto(`${stack.api.address}/gateways`);
    await page.getByText('Saved views').click();
    await page.getByRole('link', { name: 'those that answer' }).click();
    await page.waitForURL(/state=online/);
    await page.getByRole('row', { name: /gw-0/ }).getByRole('checkbox').check({ force: true });
    await page.getByText('1 gateway chosen').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Order…' }).click();
    await page.getByLabel('Artifact, by name').fill('lamp');
    // How many have it, or that none has.
    await page.getByRole('dialog').locator('.failure, p > strong').first().waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Leave it' }).click();
    await page.getByRole('link', { name: 'Plan something for them' }).click();
    await page.waitForURL(/where=gw-0/);
    await bed.leave();
  });
});

test('nodes say what they carry; who drains or launches one is told what that does', async () => {
  const page = await bed.visit(testTokens.admin, '/nodes');
  if (page === null) return;
  const node = page.getByRole('region', { name: 'node-1' });
  await node.getByRole('link', { name: /^\d+ gateways?$/ }).waitFor();
  for (const [button, title] of [
    ['Drain…', 'Drain node-1?'],
    ['Launch one…', 'Launch a further node?'],
  ] as const) {
    await page.getByRole('button', { name: button }).click();
    await page.getByRole('dialog', { name: title }).waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  }
  await bed.leave();
});

describe('what others have written', () => {
  test('is shown as text, whatever it is', async () => {
    const page = await bed.visit(testTokens.viewer, '/gateways/gw-odd');
    if (page === null) return;
    await page.getByText('note=<img src=x onerror=alert(1)>').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await page.goto(
      `${stack.api.address}/plan?${new URLSearchParams({ what: hostile, where: hostile }).toString()}`,
    );
    await page.getByRole('alert').first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await bed.leave();
  });

  test('is taken as text in every field, and breaks nothing', async () => {
    const page = await bed.visit(testTokens.admin, '/gateways');
    if (page === null) return;
    for (const path of ['/gateways', '/plan', '/deployments', '/access', '/history']) {
      await show(page, stack.api.address + path);
      const fields = page.locator('main input:not([type=radio], [type=checkbox]), main textarea');
      for (const field of await fields.all()) if (await field.isVisible()) await field.fill(hostile);
      for (const button of await page.locator('main button[type=submit]').all())
        if (await button.isVisible()) await button.click();
      await page
        .getByRole('alert')
        .or(page.getByText(/No gateway is like that|Nothing was changed like that/))
        .first()
        .waitFor();
      expect({ path, pictures: await page.locator('img').count() }).toEqual({ path, pictures: 0 });
      await expectAccessible(page);
    }
    await bed.leave();
  });

  test('addresses of what does not exist say so', async () => {
    const page = await bed.visit(testTokens.viewer, '/gateways/nobody');
    if (page === null) return;
    await page.getByText('there is no gateway').waitFor();
    for (const [path, said] of [
      ['/rollouts/00000000-0000-4000-8000-000000000000', /no rollout/],
      ['/campaigns/00000000-0000-4000-8000-000000000000', /no campaign/],
      ['/gateways/a%2Fb', /gateway/],
      ['/campaigns/x/y', /There is no such page/],
    ] as const) {
      await page.goto(stack.api.address + path);
      await page.getByText(said).first().waitFor();
    }
    await bed.leave();
  });
});

describe('what is shown', () => {
  test('says how old it is while nothing answers', async () => {
    const page = await bed.visit(testTokens.viewer, '/');
    if (page === null) return;
    await page.getByText('online').first().waitFor();
    // Requests that are never answered, as of a process that stands still.
    await page.route(/healthz|api/, () => undefined);
    // What is older than that is not shown without its age.
    await page.getByText(/LEONORE does not answer\. What is shown is [123] s old/).waitFor();
    await page.unroute(/healthz|api/);
    await page.getByText(/LEONORE does not answer/).waitFor({ state: 'hidden' });
    await bed.leave();
  });

  for (const colorScheme of ['light', 'dark'] as const)
    test(`can be used by everybody, in the ${colorScheme} theme`, async () => {
      const page = await bed.visit(testTokens.admin, '/', { colorScheme });
      if (page === null) return;
      for (const path of [
        '/',
        '/artifacts',
        '/artifacts/lamp',
        '/packages',
        '/deployments',
        '/wanted-states',
        '/orders',
        '/nodes',
        '/history',
        '/access',
        '/campaigns',
        '/rollouts',
        '/gateways',
        '/gateways/gw-0',
        '/plan',
        '/campaigns/a/b',
      ]) {
        await show(page, stack.api.address + path);
        await expectAccessible(page);
      }
      await page.goto(`${stack.api.address}/gateways/gw-0`);
      await page.getByRole('button', { name: 'Decommission…' }).click();
      await page.getByRole('dialog').waitFor();
      await expectAccessible(page);
      expect(await page.getByRole('button', { name: 'Decommission', exact: true }).isDisabled()).toBe(true);
      await bed.leave();
    });

  test('anything is a key away', async () => {
    const page = await bed.visit(testTokens.viewer, '/');
    if (page === null) return;
    await page.getByText('online').first().waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Part of a name or id' }).fill('gw-2');
    await page.getByRole('option', { name: 'gw-2 gateway' }).waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'gw-2' }).waitFor();
    await bed.leave();
  });

  for (const [how, options] of [
    ['a narrow screen', { viewport: { width: 390, height: 800 } }],
    // As a browser has it that shows 1280 by 900 twice as large.
    ['a zoom of 200 %', { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }],
  ] as const)
    test(`fits ${how}, and moves nothing for who does not want it`, async () => {
      const page = await bed.visit(testTokens.admin, '/', { ...options, reducedMotion: 'reduce' });
      if (page === null) return;
      const { id } = await startRollout('probe', ['gw-0']);
      for (const path of [
        '/',
        '/access',
        '/gateways',
        '/gateways/gw-0',
        '/nodes',
        '/history',
        `/rollouts/${id}`,
        ...(campaignPath === '' ? [] : [campaignPath, `${campaignPath}/report`]),
        '/artifacts/lamp',
        '/plan?what=lamp&kind=gateways&where=gw-0',
      ]) {
        await show(page, stack.api.address + path);
        const found = await overflowAndMotion(page);
        expect({ path, found }).toEqual({ path, found: { over: 0, moving: 0 } });
      }
      await bed.leave();
    });

  test('is told by the clock of the server, where that of whoever looks is an hour off', async () => {
    const page = await bed.visit(null, '/gateways?text=gw-0');
    if (page === null) return;
    await page.addInitScript('const now = Date.now; Date.now = () => now() + 3_600_000;');
    await page.reload();
    await signIn(page, testTokens.viewer);
    await page.getByText('The clock of this computer is 60 min ahead.').waitFor();
    await page
      .getByRole('row', { name: /gw-0/ })
      .getByText(/^(just now|\d+ s ago|[1-5]?\d min ago)$/)
      .waitFor();
    await expectAccessible(page);
    await bed.leave();
  });
});
