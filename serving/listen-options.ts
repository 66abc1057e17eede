/**
 * Connections that the kernel keeps until they are taken. A fleet whose power comes back connects at one moment: of what is
 * beyond, gateways hear nothing and try again after 1, 3, 7, 15 s.
 */
const backlog = 4_096;

/** How a server listens. The kernel's own limit, `net.core.somaxconn`, holds besides. */
export function listenOptions(host: string, port: number): { host: string; port: number; backlog: number } {
  return { host, port, backlog };
}
