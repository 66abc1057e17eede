/** A request of each operation that takes JSON, by its name in the OpenAPI document: what somebody would send. */

const id = '0b5c1f6e-8f0f-4f0e-9a53-5f7f2f3b8a11';
const reason = 'the shop opens at nine';
const target = { deployment: 'building-1' };
const labels = { building: 'b1' };

const profile = {
  id: 'gw-1',
  hardware: { arch: 'armv7', memoryTotal: 67_108_864, diskTotal: 16_777_216, diskFree: 12_582_912 },
  software: { os: 'linux', kernel: '5.10.0', libc: 'musl' },
  strategies: ['pull'],
  protocols: ['http'],
  labels: { room: '2.14' },
  installed: [{ name: 'thermometer', version: '1.0.0', requested: true }],
};

const campaign = {
  requests: ['thermometer@^2'],
  ...target,
  strategy: { phases: [{ name: 'canary', percent: 5, gate: { bakeSeconds: 3_600 } }, { percent: 100 }] },
  reason: 'the sensor reads half a degree too high',
};

const order = { action: 'uninstall', artifact: 'thermometer', gatewayIds: ['gw-1'], keepData: true };

export const requestExamples: Readonly<Record<string, object>> = {
  registerGateway: { profile, agentVersion: '0.1.0' },
  changeGatewayValues: { set: { interval: '60' }, unset: ['offset'] },
  changeSharedValues: { select: 'labels.building == "b1"', set: { interval: '60' } },
  readmitGateway: { code: true, expiresInSeconds: 86_400 },
  changeGatewayLabels: { set: labels, unset: ['floor'] },
  expectGateways: { gateways: [{ id: 'gw-1', labels }], codes: true, expiresInSeconds: 604_800 },
  createEnrolment: { name: 'building-1', ids: ['b1-*'], labels, most: 200, expiresInSeconds: 604_800 },
  createDeployment: { name: 'building-1', select: 'labels.building == "b1"' },
  changeDeployment: { gatewayIds: ['gw-1', 'gw-2'] },
  planRollout: { requests: ['thermometer@^2'], ...target, plans: 3 },
  startRollout: { requests: ['thermometer@^2'], ...target, deadlineSeconds: 3_600 },
  wantState: { requests: ['thermometer@^2'], ...target, strategy: 'canary' },
  startCampaign: campaign,
  previewCampaign: campaign,
  pauseCampaign: { reason },
  resumeCampaign: { reason },
  stopCampaign: { reason },
  abortCampaign: { reason },
  approveCampaign: { reason: 'the canary is well', phase: 1 },
  rollbackCampaign: { reason, phase: 1 },
  retryCampaign: { reason: 'the line of site 4 is mended' },
  giveOrder: order,
  previewOrder: order,
  publishTrust: { roots: ['{"signatures":[…],"signed":{…}}'], targets: '{"signatures":[…],"signed":{…}}' },
  createToken: {
    name: 'site-team',
    grants: [{ role: 'operator', scope: 'labels.building in ("b1", "b2")' }],
    expiresInSeconds: 7_776_000,
  },
  deviceSignInOutcome: { deviceCode: 'as the provider gave it' },
  createWebhook: {
    name: 'ops',
    url: 'https://hooks.example/leonore',
    events: ['rollout.ended', 'gateway.silent'],
  },
  rotateWebhookSecret: { overlapSeconds: 21_600 },
  retryWebhook: { deliveryIds: [id] },
};
