/** Registrations over CoAP: by a token, by a gateway's own key, in JSON and in words for shells. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { numberAs, pathOptions } from '../../domain/agent-protocol/coap-message.js';
import { sharedGrant } from '../../domain/enrolment/grant.js';
import { secretPlaceOf } from '../../repositories/registration-repository.js';
import { devicePaths, type RegisterResponse } from '../../domain/agent-protocol/messages.js';
import { parseTasksText } from '../../domain/agent-protocol/text-form.js';
import { requestOf } from '../../tests/support/raw-coap.js';
import { profileOf, registrationOf } from '../../tests/support/test-repositories.js';
import { ed25519Key, hmacKey, proofOf } from '../../tests/support/test-key.js';
import {
  coapBorder,
  jsonIn,
  query,
  tasksBy,
  withToken,
  type Question,
} from '../../tests/support/coap-border.js';

const border = coapBorder();

describe('a registration', () => {
  test('brings the plain form of a token, which is good for the next one', async () => {
    const id = `gw-${randomBytes(6).toString('hex')}`;
    const answer = await border().registration(await border().bed.enrolment(), id);
    expect(answer.code).toBe('2.04');
    const { token = '', ...told } = jsonIn(answer) as RegisterResponse;
    expect(told).toMatchObject({
      ...{ gatewayId: id, protocol: 'coap', strategy: 'pull', pollIntervalSeconds: 60 },
      endpoints: [
        { protocol: 'coap', strategy: 'pull', transport: 'udp', address: border().bed.address, tls: 'none' },
      ],
    });
    expect(token).toMatch(/^lgp_/);
    expect((await border().raw.ask(tasksBy(token))).code).toBe('2.05');
    const again = await border().registration(token, id);
    expect([again.code, (jsonIn(again) as RegisterResponse).token]).toEqual(['2.04', undefined]);
    expect((await border().raw.ask(tasksBy(token))).code).toBe('2.05');
  });

  test.each([ed25519Key, hmacKey])(
    'by its own key needs no token, and each proof is good once',
    async (kind) => {
      const key = kind();
      const id = `gw-${randomBytes(6).toString('hex')}`;
      const profile = { id, hardware: { arch: 'armv7' }, software: { os: 'linux' }, protocols: ['coap'] };
      // Over HTTP it was let in, and its key bound.
      const sealedSecret =
        key.secret === undefined ? null : border().bed.secrets.seal(key.secret, secretPlaceOf(id));
      const credentials = {
        ownTokenHash: null,
        key: { text: key.text, counter: 1, sealedSecret },
        enrolment: sharedGrant,
        address: 'x',
      };
      await border().bed.repositories.registrations.register(
        registrationOf(profileOf(id, { protocols: ['coap'] }), undefined, { credentials }),
      );
      const body = JSON.stringify({ profile });
      const proven = (counter: number, by = key): Question => {
        const { 'leonore-key': text = '', 'leonore-proof': proof = '' } = proofOf(by, id, counter, body);
        return {
          code: '0.02',
          options: [
            ...pathOptions(devicePaths.register),
            ...[query('key', text), query('counter', String(counter)), query('proof', proof)],
          ],
          payload: Buffer.from(body),
        };
      };
      const answer = await border().raw.ask(proven(2));
      expect(answer.code).toBe('2.04');
      const { token = '' } = jsonIn(answer) as RegisterResponse;
      expect((await border().raw.ask(tasksBy(token))).code).toBe('2.05');
      // Whoever read it along sends it again; somebody has another key.
      expect((await border().raw.ask(proven(2))).code).toMatch(/^4\./);
      expect((await border().raw.ask(proven(9, ed25519Key()))).code).toMatch(/^4\./);
      expect((await border().raw.ask(tasksBy(token))).code).toBe('2.05');
      // Nobody is kept out by what another has tried.
      expect((await border().raw.ask(proven(3))).code).toBe('2.04');
      expect((await border().raw.ask({ ...proven(4), payload: Buffer.from(`${body} `) })).code).toMatch(
        /^4\./,
      );
      const { options = [], ...rest } = proven(5);
      const cut = options.filter(({ value }) => !value.toString().startsWith('proof='));
      expect((await border().raw.ask({ ...rest, options: cut })).code).toMatch(/^4\./);
    },
  );

  test("of another's id is refused, and changes nothing", async () => {
    const { id, plain } = await border().enrolled();
    const enrolment = await border().bed.enrolment();
    // Its token has been used: nobody else may ask for another in its place.
    await border().bed.repositories.gateways.seen([id]);
    const name = (await border().bed.repositories.gateways.get(id)).profile.name;
    for (const token of [enrolment, (await border().enrolled()).plain, 'x'])
      expect((await border().registration(token, id)).code).toMatch(/^4\./);
    expect((await border().raw.ask(tasksBy(plain))).code).toBe('2.05');
    expect((await border().bed.repositories.gateways.get(id)).profile.name).toBe(name);
  });

  test('whose answer was lost is answered once more when its datagram comes again, and entered once', async () => {
    const id = `gw-${randomBytes(6).toString('hex')}`;
    const body = {
      profile: { id, hardware: { arch: 'armv7' }, software: { os: 'linux' }, protocols: ['coap'] },
    };
    const bytes = requestOf({
      code: '0.02',
      options: [...pathOptions(devicePaths.register), withToken(await border().bed.enrolment())],
      payload: Buffer.from(JSON.stringify(body)),
    });
    const first = await border().raw.send(bytes);
    expect(await border().raw.send(bytes)).toEqual(first);
  });

  test('in words for shells, where those are asked for', async () => {
    const id = `gw-${randomBytes(6).toString('hex')}`;
    const answer = await border().registration(await border().bed.enrolment(), id, {}, [
      numberAs('Accept', 0),
    ]);
    const [, token = ''] = /^token\t(.*)$/m.exec(answer.payload.toString()) ?? [];
    await border().bed.offer(id, { version: '1.0.0', fileName: 'x', bytes: Buffer.from('x') });
    border().bed.service.gatewayChanged(id);
    const { code, options = [] } = tasksBy(token);
    const { payload } = await border().raw.ask({ code, options: [...options, numberAs('Accept', 0)] });
    expect(parseTasksText(payload.toString()).tasks).toHaveLength(1);
  });

  test.each([
    ['another host', 'coap://127.0.0.2:5683/x'],
    ['what is closed', 'coap://10.0.0.1:5683/x'],
    ['another protocol', 'http://127.0.0.1:1/x'],
  ])('cannot have notices sent to %s', async (_what, pushAddress) => {
    const id = `gw-${randomBytes(6).toString('hex')}`;
    const answer = await border().registration(await border().bed.enrolment(), id, { pushAddress });
    expect(answer.code).toBe('4.00');
  });
});
