import { useQuery } from '@tanstack/react-query';
import { trustQuery } from '../api/resource-queries.js';
import { numberText } from '../logic/numbers.js';
import { Instant } from './clock.js';
import { Loaded } from './loaded.js';
import { Name } from './name.js';
import { Empty } from './page.js';
import { PlainTable } from './plain-table.js';

/** So much of a key's id tells it from others. */
const shownDigits = 16;

/** Who may sign which artifacts, as gateways are told. */
export function SigningKeys() {
  return (
    <Loaded query={useQuery(trustQuery)}>
      {({ root, targets }) =>
        root === null || targets === null ? (
          <Empty>
            Nobody has to sign anything. Publish who may with <code>leonore trust</code>.
          </Empty>
        ) : (
          <>
            <p className="quiet">
              Root {root.version}, good until <Instant at={root.expires} />; what is delegated, version{' '}
              {targets.version}, until <Instant at={targets.expires} />.
              {targets.unsigned.length > 0 && (
                <>
                  {' '}
                  Without a signature: <Name text={targets.unsigned.join(', ')} />.
                </>
              )}
            </p>
            {targets.delegations.length === 0 ? (
              <Empty>Nobody besides the root may sign.</Empty>
            ) : (
              <PlainTable
                label="Table of who may sign"
                head={['Who', 'May sign', 'Keys', 'Needed']}
                rows={targets.delegations.map(({ name, paths, keyids, threshold }) => ({
                  key: name,
                  cells: [
                    <Name key="name" text={name} />,
                    <Name key="paths" text={paths.join(', ')} />,
                    <Name key="keys" code text={keyids.map((id) => id.slice(0, shownDigits)).join(', ')} />,
                    numberText(threshold),
                  ],
                }))}
              />
            )}
          </>
        )
      }
    </Loaded>
  );
}
