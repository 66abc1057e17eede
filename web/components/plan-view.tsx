import { demandLines } from '../../domain/artifact/demand-lines.js';
import type { PlanTree } from '../../domain/plan/plan.js';
import { bytesText } from '../../domain/units.js';
import type { Schemas } from '../api/queries.js';
import { printable } from '../logic/text.js';
import { countedText } from '../logic/numbers.js';
import { Name } from './name.js';

/** What a plan does on a gateway: what comes, what goes, how large it is, and why each of it is there. */
export function PlanView({ plan }: { readonly plan: Schemas['Plan'] }) {
  const {
    install,
    remove,
    keep,
    orphans = [],
    consent = [],
    restore = [],
    removeFirst,
    downloadSize,
    installedSize,
    peakDisk,
    tree,
  } = plan;
  return (
    <div>
      <p>
        {install.length === 0 ? 'Installs nothing' : `Installs ${countedText(install.length, 'artifact')}`},
        fetches {bytesText(downloadSize)}, takes {bytesText(installedSize)}; at its peak{' '}
        {bytesText(Math.max(0, peakDisk))} more than now.{' '}
        {plan.optimal === 'best-found' && 'A better plan may exist: the time to look for it was over.'}
      </p>
      {(tree as readonly PlanTree[]).map((root) => (
        <ul key={root.name} className="tree root">
          <TreeNode node={root} />
        </ul>
      ))}
      {remove.length > 0 && (
        <p className="removed">
          Removes {removeFirst ? 'first, to make room: ' : ''}
          {remove.map((key, index) => (
            <span key={key}>
              {index === 0 ? '' : ', '}
              <Name text={key} />
              {orphans.includes(key) && ' (nothing else needs it)'}
              {consent.includes(key) && ' (was asked for)'}
            </span>
          ))}
        </p>
      )}
      {restore.length > 0 && (
        <p>
          Put back if the installation fails: <Names names={restore} />
        </p>
      )}
      <Demanded artifacts={plan.artifacts} />
      {keep.length > 0 && (
        <p className="quiet">
          Stays as it is: <Names names={keep} />
        </p>
      )}
    </div>
  );
}

/** What running it takes from the gateway, as the command line says it, too. */
function Demanded({ artifacts }: Pick<Schemas['Plan'], 'artifacts'>) {
  const demanded = artifacts
    .map(({ name, version, demands = {} }) => ({
      key: `${name}@${version}`,
      lines: demandLines(demands),
    }))
    .filter(({ lines }) => lines.length > 0);
  if (demanded.length === 0) return null;
  return (
    <>
      <p>On the gateway:</p>
      <ul className="plain-list">
        {demanded.map(({ key, lines }) => (
          <li key={key}>
            <Name text={key} /> <span className="quiet">{printable(lines.join('; '))}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

const actions: Readonly<Record<PlanTree['action'], string>> = {
  install: 'installed',
  keep: 'there already',
  fixed: 'of the gateway itself',
};

function TreeNode({ node: { name, version, action, requires, seen } }: { readonly node: PlanTree }) {
  return (
    <li>
      <Name text={`${name} ${version}`} />{' '}
      <span className="quiet">
        {actions[action]}
        {seen === true && ', see above'}
      </span>
      {requires.length > 0 && (
        <ul className="tree">
          {requires.map((child) => (
            <TreeNode key={`${child.name}@${child.version}`} node={child} />
          ))}
        </ul>
      )}
    </li>
  );
}

export function Names({ names }: { readonly names: readonly string[] }) {
  return names.map((name, index) => (
    <span key={name}>
      {index === 0 ? '' : ', '}
      <Name text={name} />
    </span>
  ));
}
