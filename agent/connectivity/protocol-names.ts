/** What an agent speaks; the first is had by all, and is what registration and packages are had over. */
export const protocolNames = ['http', 'mqtt', 'coap'] as const;
