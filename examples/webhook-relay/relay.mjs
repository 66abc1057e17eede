/**
 * Takes LEONORE's webhooks, and writes a line into a chat, or sends a mail. Settings, by environment:
 *
 *   RELAY_SECRET  what `leonore webhook create` printed; several, separated by spaces, while secrets change
 *   RELAY_CHAT    where a chat takes { "text": ... }
 *   RELAY_MAIL    whom mail is sent to, by the command `sendmail`
 *   RELAY_PORT    port on loopback to listen on (8090)
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const { RELAY_SECRET = '', RELAY_CHAT, RELAY_MAIL, RELAY_PORT = '8090' } = process.env;
const keys = RELAY_SECRET.split(' ')
  .filter((secret) => secret.startsWith('whsec_'))
  .map((secret) => Buffer.from(secret.slice('whsec_'.length), 'base64'));
if (keys.length === 0 || (RELAY_CHAT === undefined) === (RELAY_MAIL === undefined)) {
  process.stderr.write('set RELAY_SECRET, and one of RELAY_CHAT and RELAY_MAIL\n');
  process.exit(2);
}

const longestBytes = 1024 * 1024;
/** Older messages are somebody's who repeats them. */
const oldestSeconds = 5 * 60;
/** The last ones that were told: LEONORE may send one twice. */
const seen = new Set();
const remembered = 1_000;

const server = createServer((request, response) => {
  take(request).then(
    (status) => response.writeHead(status).end(),
    // LEONORE sends it again.
    (error) => {
      process.stderr.write(`not told: ${error.message}\n`);
      response.writeHead(502).end();
    },
  );
});
server.listen(Number(RELAY_PORT), '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`listening on http://127.0.0.1:${server.address().port}/\n`);

async function take(request) {
  if (request.method !== 'POST') return 405;
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > longestBytes) return 413;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString();
  const id = request.headers['webhook-id'] ?? '';
  const at = request.headers['webhook-timestamp'] ?? '';
  if (Math.abs(Date.now() / 1_000 - Number(at)) > oldestSeconds) return 401;
  if (!isSigned(`${id}.${at}.${body}`, request.headers['webhook-signature'] ?? '')) return 401;
  if (seen.has(id)) return 204;
  const text = textOf(JSON.parse(body));
  await (RELAY_CHAT === undefined ? mail(text) : chat(text));
  seen.add(id);
  if (seen.size > remembered) seen.delete(seen.values().next().value);
  return 204;
}

function isSigned(content, signatures) {
  const given = signatures.split(' ').map((signature) => Buffer.from(signature));
  return keys.some((key) => {
    const own = Buffer.from(`v1,${createHmac('sha256', key).update(content).digest('base64')}`);
    return given.some((one) => one.length === own.length && timingSafeEqual(one, own));
  });
}

/** A message as a line. */
function textOf({ type, data }) {
  switch (type) {
    case 'rollout.ended':
      return `Rollout of ${data.rollout.requests.join(' ')} to ${data.rollout.deployment}: ${data.rollout.state}, ${data.counts.succeeded} gateways succeeded, ${data.counts.failed} failed`;
    case 'gateway.silent':
      return `Silent: ${idsOf(data)}`;
    case 'gateway.back':
      return `Back again: ${idsOf(data)}`;
    case 'gateway.contested':
      return `Somebody else registers as ${idsOf(data)}`;
    case 'wanted-state.broken':
      return `Not as is wanted on ${data.wantedState.deployment} (${data.wantedState.requests.join(' ')}): ${idsOf(data)}`;
    case 'wanted-state.kept':
      return `As is wanted again on ${data.wantedState.deployment}: ${idsOf(data)}`;
    case 'webhook.test':
      return `LEONORE: ${data.sentBy} tries this webhook`;
    default:
      if (!type.startsWith('campaign.')) return `LEONORE: ${type}`;
      return `Campaign of ${data.campaign.selected.join(' ')} to ${data.campaign.deployment}: ${[data.campaign.state, data.campaign.reason, data.by].filter((part) => part !== null).join(', ')}`;
  }
}

function idsOf({ gateways }) {
  const ids = gateways.slice(0, 10).map(({ id }) => id);
  return gateways.length > ids.length
    ? `${ids.join(', ')} and ${gateways.length - ids.length} more`
    : ids.join(', ');
}

async function chat(text) {
  const answer = await fetch(RELAY_CHAT, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
    redirect: 'error',
    signal: AbortSignal.timeout(8_000),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the chat answered ${answer.status}`);
}

async function mail(text) {
  const command = spawn('sendmail', ['-t', '-i'], {
    stdio: ['pipe', 'inherit', 'inherit'],
    signal: AbortSignal.timeout(8_000),
  });
  const ended = once(command, 'close');
  // What gateways are called must not become a header.
  const subject = text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 120);
  command.stdin.on('error', () => undefined);
  command.stdin.end(
    `To: ${RELAY_MAIL}\nSubject: ${subject}\nContent-Type: text/plain; charset=utf-8\n\n${text}\n`,
  );
  const [code] = await ended;
  if (code !== 0) throw new Error(`sendmail ended with ${code}`);
}
