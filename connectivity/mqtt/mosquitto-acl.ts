/**
 * What Mosquitto's `acl_file` has to say so that a gateway, whose user name is its id, reads and writes its own topics
 * alone (mosquitto.conf(5), `pattern`; %u is the user name).
 * @param user that LEONORE's nodes have; null: they connect without one
 */
export function mosquittoAcl(user: string | null): string {
  const all = 'leonore/v1/#';
  return [
    '# Written by LEONORE: a gateway has the topics of its own id, on whichever node it is.',
    ...(user === null ? [] : [`user ${user}`]),
    `topic readwrite ${all}`,
    '',
    'pattern write leonore/v1/+/%u/requests/+',
    'pattern write leonore/v1/+/%u/presence',
    'pattern read leonore/v1/+/%u/answers',
    'pattern read leonore/v1/+/%u/notices',
    '',
  ].join('\n');
}
