/** Keys of gateways: what an agent that has one owes. An agent without one passes those that are about keys. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { enrolmentToken, problem } from '../../agent/testing/device-server.js';
import type { AgentUnderTest } from './agent-under-test.js';
import { app, ends, type Scenario } from './scenario.js';

/** Tells the agent once that its node is not responsible, so that it registers again. */
async function sendAway({ server }: AgentUnderTest): Promise<void> {
  const before = server.registrations.length;
  let sent = false;
  server.intercept = (request, response) => {
    if (sent || request.url !== '/device/v1/tasks') return false;
    sent = true;
    problem(response, 421, 'NOT_THIS_NODE');
    return true;
  };
  await server.until(() => server.registrations.length > before);
}

/** Answers registrations so often, then leaves them to the server. */
function answerRegistrations(
  { server }: AgentUnderTest,
  times: number,
  answer: (response: ServerResponse) => void,
): void {
  let given = 0;
  server.intercept = (request, response) => {
    if (given >= times || request.url !== '/device/v1/register') return false;
    given += 1;
    request.resume();
    answer(response);
    return true;
  };
}

export const identityScenarios: readonly Scenario[] = [
  {
    name: 'proves its key at each registration, with a number that only grows',
    run: async (agent) => {
      await agent.polls(1);
      if (agent.server.keys.key === null) return;
      await sendAway(agent);
      await agent.polls(1);
      const { proofs, key } = agent.server.keys;
      assert.ok(proofs.length >= 2, 'it has proved its key once only');
      for (const [index, { counter }] of proofs.entries())
        assert.ok(counter > (proofs[index - 1]?.counter ?? 0), `counter ${counter} has been used`);
      assert.ok(proofs.every((proof) => proof.key === key));
    },
  },
  {
    name: 'registers by its key when its token is not known, and needs no enrolment token',
    run: async (agent) => {
      await agent.polls(1);
      const { server } = agent;
      if (server.keys.key === null) return;
      server.token = 'token-2';
      ends(await agent.deliver(app('1.0.0'), 'd1'), 'succeeded', ['app@1.0.0']);
      assert.notEqual(server.registrations.at(-1)?.token, enrolmentToken);
    },
  },
  {
    name: 'goes on from the number that the server names',
    run: async (agent) => {
      await agent.polls(1);
      const { server } = agent;
      if (server.keys.key === null) return;
      server.keys.skipTo(1_000);
      await sendAway(agent);
      await server.until(() => (server.keys.proofs.at(-1)?.counter ?? 0) > 1_000);
      ends(await agent.deliver(app('1.0.0'), 'd1'), 'succeeded', ['app@1.0.0']);
    },
  },
  {
    name: 'asks again while it waits for approval',
    run: async (agent) => {
      answerRegistrations(agent, 2, (response) => {
        response
          .writeHead(202, { 'content-type': 'application/json', 'retry-after': '1' })
          .end('{"gatewayId":"gw-conformance","state":"pending","retryAfterSeconds":1}');
      });
      ends(await agent.deliver(app('1.0.0'), 'd1'), 'succeeded', ['app@1.0.0']);
    },
  },
  {
    name: 'asks again after it was refused as contested and as decommissioned',
    run: async (agent) => {
      let refusals = 0;
      answerRegistrations(agent, 2, (response) => {
        refusals += 1;
        if (refusals === 1) problem(response, 409, 'GATEWAY_CONTESTED');
        else problem(response, 403, 'GATEWAY_DECOMMISSIONED');
      });
      ends(await agent.deliver(app('1.0.0'), 'd1'), 'succeeded', ['app@1.0.0']);
    },
  },
];
