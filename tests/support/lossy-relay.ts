import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Passes datagrams on between clients and one server, but for those that it loses. */
export interface LossyRelay {
  /** What stands for the server's address. */
  readonly address: string;
  /** Datagrams that came, and those of them that were lost. */
  readonly counts: { readonly all: number; readonly lost: number };
  close(): void;
}

/**
 * @param address of the server
 * @param fate of the n-th datagram, from 0, of both ways together
 */
export async function lossyRelay(
  address: string,
  fate: (count: number) => 'passed' | 'lost' | 'doubled',
): Promise<LossyRelay> {
  const { protocol, hostname, port } = new URL(address);
  const counts = { all: 0, lost: 0 };
  const towards = new Map<number, Socket>();
  const front = createSocket('udp4');

  function pass(send: () => void): void {
    const its = fate(counts.all);
    counts.all += 1;
    if (its === 'lost') counts.lost += 1;
    else send();
    if (its === 'doubled') send();
  }

  function socketOf(client: number): Socket {
    const known = towards.get(client);
    if (known !== undefined) return known;
    const socket = createSocket('udp4');
    towards.set(client, socket);
    socket.on('message', (bytes) => pass(() => front.send(bytes, client, '127.0.0.1')));
    // Whoever is gone gets nothing.
    socket.on('error', () => undefined);
    return socket;
  }

  front.on('message', (bytes, from) => {
    const socket = socketOf(from.port);
    pass(() => socket.send(bytes, Number(port), hostname));
  });
  front.on('error', () => undefined);
  front.bind(0, '127.0.0.1');
  await once(front, 'listening');
  return {
    address: `${protocol}//127.0.0.1:${front.address().port}`,
    counts,
    close() {
      front.close();
      for (const socket of towards.values()) socket.close();
    },
  };
}
