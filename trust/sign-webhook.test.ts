import { expect, test } from '@jest/globals';
import { newWebhookSecret, webhookHeaders } from './sign-webhook.js';

// The example of the reference implementations of Standard Webhooks.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const message = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  atSeconds: 1_614_265_330,
  body: '{"test": 2432232314}',
};
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

test('a message is signed as Standard Webhooks says', () => {
  expect(webhookHeaders([secret], message)).toEqual({
    'webhook-id': message.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': signature,
  });
});

test('while one secret takes the place of another, both sign', () => {
  const other = newWebhookSecret();
  expect(other).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const { 'webhook-signature': both = '' } = webhookHeaders([other, secret], message);
  const [first, second] = both.split(' ');
  expect(first).not.toBe(signature);
  expect(second).toBe(signature);
});
