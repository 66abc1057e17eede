/**
 * A protocol that LEONORE does not speak by itself: oBIX, as buildings do. Loaded by LEONORE_HANDLERS.
 *
 * A gateway has an oBIX server of its own, in which a point says that a task waits; the node writes it. For what the gateway
 * asks and says the node is an oBIX server, too. Where oBIX has no contract for something it is JSON in a `str`. Packages are
 * fetched over HTTP.
 *
 *   GET  /obix/gateways/ID/tasks    an obj: what is to be done
 *   POST /obix/gateways/ID/report   a list of str: reports
 *   PUT  /obix/gateways/ID/name     a str: what people call it
 *
 * LEONORE_OBIX_PORT has each node serve it; LEONORE_OBIX_HOST is where it listens, 127.0.0.1 by default.
 */
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';

const name = 'obix';
const bodyBytes = 128 * 1024;
const nameLength = 128;
const noticeMs = 5_000;
const concurrentRequests = 1_000;

export default {
  name,
  open({ environment, services }) {
    const { LEONORE_OBIX_PORT: port, LEONORE_OBIX_HOST: host = '127.0.0.1' } = environment;
    if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535))
      throw new Error('configuration: LEONORE_OBIX_PORT is no port');
    let server = null;
    return {
      protocol: name,
      pushAddresses: {
        scheme: 'obix',
        check(address, peer) {
          if (noticeUrl(address, services).hostname !== peer.replace(/^::ffff:/, ''))
            throw new Error('a gateway listens where it comes from');
        },
      },

      async start({ service, logger }) {
        if (port === undefined) return [];
        let underWay = 0;
        server = createServer((request, response) => {
          if (underWay >= concurrentRequests) return refuse(response, 429, 'TOO_MANY_REQUESTS', 'come again', 1);
          underWay += 1;
          answer(service, request)
            .then((object) => send(response, 200, object))
            .catch((error) => {
              const { code = 'INTERNAL', kind = { status: 500 }, details = {}, message } = error;
              if (kind.status >= 500) logger.warn({ err: error }, 'a request over oBIX failed');
              refuse(response, kind.status, code, message, details.retryAfterSeconds);
            })
            .finally(() => (underWay -= 1));
        });
        server.requestTimeout = 30_000;
        await new Promise((resolve, reject) => server.once('error', reject).listen(Number(port), host, resolve));
        const address = `http://${host}:${server.address().port}/obix`;
        return [
          { protocol: name, transport: 'tcp', address, strategies: ['push'], pushScheme: name, tls: 'none' },
        ];
      },

      async notify({ gatewayId, address }, signal) {
        if (address === null) return false;
        const over = new AbortController();
        const timer = setTimeout(() => over.abort(), noticeMs);
        try {
          const taken = await fetch(noticeUrl(address, services), {
            method: 'PUT',
            redirect: 'error',
            headers: { 'content-type': 'text/xml' },
            body: `<bool name="taskWaiting" displayName="${escaped(gatewayId)}" val="true"/>`,
            signal: AbortSignal.any([signal, over.signal]),
          });
          await taken.body?.cancel();
          return taken.ok;
        } catch {
          return false;
        } finally {
          clearTimeout(timer);
        }
      },

      async close() {
        server?.closeAllConnections();
        await new Promise((resolve) => (server === null ? resolve() : server.close(resolve)));
      },
    };
  },
};

/** Where a gateway's point is. @throws Error when that is no place for one */
function noticeUrl(address, services) {
  const url = new URL(address.replace(/^obix:/, 'http:'));
  const isOurs = services.some((service) => service.includes(url.host));
  if (!address.startsWith('obix://') || url.username !== '' || isOurs)
    throw new Error('that is no address of an oBIX server of a gateway');
  return url;
}

/** The object that a request is answered with. */
async function answer(service, request) {
  const [, id, what] = /^\/obix\/gateways\/([A-Za-z0-9._:-]{1,128})\/(tasks|report|name)$/.exec(request.url) ?? [];
  const body = await bodyOf(request);
  if (id === undefined) throw problem(404, 'ROUTE_NOT_FOUND', 'there is no such object');
  const token = /^Bearer ([!-~]{1,512})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if ((await service.admitted(token)) !== id)
    throw problem(401, 'UNAUTHENTICATED', 'the token is of another gateway');
  switch (`${request.method} ${what}`) {
    case 'GET tasks': {
      const { tasks, orders, profileWanted } = await service.tasks(token);
      return `<obj>${list('tasks', tasks)}${list('orders', orders)}<bool name="profileWanted" val="${profileWanted}"/></obj>`;
    }
    case 'POST report': {
      const { outcomes } = await service.report(token, valuesIn(body).map(jsonOf));
      return list('outcomes', outcomes);
    }
    case 'PUT name': {
      const [told] = valuesIn(body);
      if (told === undefined || told.length > nameLength || told.includes('\0'))
        throw problem(400, 'MALFORMED_INPUT', 'that is no name');
      await service.updateProfile(token, { ...(await service.profile(token)), name: told });
      return '<nil/>';
    }
    default:
      throw problem(405, 'ROUTE_NOT_FOUND', 'that cannot be done with this object');
  }
}

async function bodyOf(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size <= bodyBytes) parts.push(part);
    // Read on for a little, so that the answer is heard; not for ever.
    else if (size > 16 * bodyBytes) request.destroy();
  }
  if (size > bodyBytes) throw problem(413, 'TOO_LARGE', 'that is more than a request may have');
  return Buffer.concat(parts).toString('utf8').toWellFormed();
}

/** The values of the texts in an object; whatever else is in it is not read. */
function valuesIn(xml) {
  return [...xml.matchAll(/<str\b([^<>]*)>/g)].map(([, attributes]) =>
    unescaped(/\sval="([^"]*)"/.exec(attributes)?.[1] ?? ''),
  );
}

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw problem(400, 'MALFORMED_INPUT', 'that is no JSON');
  }
}

function list(listName, values) {
  const items = values.map((value) => `<str val="${escaped(JSON.stringify(value))}"/>`).join('');
  return `<list name="${listName}" of="obix:str">${items}</list>`;
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const characters = Object.fromEntries(Object.entries(entities).map(([character, entity]) => [entity, character]));

function escaped(text) {
  return text.replace(/[&<>"]/g, (character) => entities[character]);
}

function unescaped(text) {
  return text.replace(/&(?:amp|lt|gt|quot);/g, (entity) => characters[entity]);
}

function problem(status, code, message) {
  return Object.assign(new Error(message), { code, kind: { status } });
}

function refuse(response, status, code, message, retryAfterSeconds) {
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
  send(response, status, `<err is="${escaped(code)}" display="${escaped(message)}"/>`);
}

function send(response, status, object) {
  response.writeHead(status, { 'content-type': 'text/xml' }).end(`<?xml version="1.0"?>\n${object}`);
}
