import { randomBytes } from 'node:crypto';
import pg from 'pg';

const role = 'leonore';

/**
 * Gives LEONORE's processes a role of their own on the embedded server: it owns nothing, so that none of them can change what
 * the audit says. Its password is another at each start, and known to those alone who are started then.
 * @param ownerUrl of the migrated database, as its owner
 * @returns the URL that the processes connect to
 */
export async function processRole(ownerUrl: string): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${role} LOGIN`);
    // Of the alphabet of base64url: there is nothing in it to be quoted.
    await client.query(`ALTER ROLE ${role} PASSWORD '${password}'`);
    await client.query('SELECT leonore_grant_to_processes($1)', [role]);
  } finally {
    await client.end();
  }
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = password;
  return url.href;
}
