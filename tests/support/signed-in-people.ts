/** People of a provider in tests, and the roles that their groups have. */
export const rolesOfGroups = `
admins: [ { role: admin } ]
viewers: [ { role: viewer } ]
b1: [ { role: operator, scope: 'labels.building == "b1"' } ]
`;
export const accounts = {
  anna: { preferred_username: 'anna', groups: ['b1', 'viewers', 'of-no-interest'] },
  bert: { preferred_username: 'bert', groups: ['b1'] },
  root: { email: 'root@example.com', groups: 'admins' },
  carl: { preferred_username: 'carl', groups: ['cooks', 'bakers'] },
  dora: { preferred_username: 'dora' },
};
