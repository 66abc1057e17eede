import type { Server } from 'node:http';
import type { Socket } from 'node:net';

type Ends = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/**
 * Connections on which nothing has been asked yet. Node.js takes a connection for idle only when a request on it has been
 * answered: a server that closes would wait for those that never said a word, such as what browsers open beforehand.
 */
export class SilentConnections {
  private readonly byPeer = new Map<string, Socket>();

  constructor(server: Server) {
    // Over TLS, too, this is the connection beneath: one that never shakes hands is silent as well.
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket);
      this.byPeer.set(peer, socket);
      socket.once('close', () => this.byPeer.delete(peer));
    });
    for (const event of ['request', 'upgrade'])
      server.on(event, (request: { readonly socket: Socket }) => this.byPeer.delete(peerOf(request.socket)));
  }

  end(): void {
    for (const socket of this.byPeer.values()) socket.destroy();
  }
}

/** The same of a connection and of the encrypted one upon it. */
function peerOf({ remoteAddress, remotePort }: Ends): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''}`;
}
