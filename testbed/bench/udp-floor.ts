/** The bare socket that `connectivity.ts` measures against: a block's bytes for whatever comes. Tells its port to its parent. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { parentPort } from 'node:worker_threads';
import { blockBytes } from '../../domain/agent-protocol/coap-message.js';

const answer = randomBytes(blockBytes + 40);
const socket = createSocket('udp4');
socket.on('message', (_bytes, { port, address }) => socket.send(answer, port, address));
socket.bind(0, '127.0.0.1', () => parentPort?.postMessage(socket.address().port));
