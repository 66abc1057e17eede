import { bytesText } from '../../domain/units.js';
import type { Schemas } from '../api/queries.js';
import { numberText } from '../logic/numbers.js';
import { InstantThere } from './clock.js';
import { Name } from './name.js';
import { PlainTable } from './plain-table.js';

type Phases = Schemas['CampaignPreview']['phases'];

/** When the next windows of each phase open, zone by zone; nothing without windows. */
export function CampaignWindows({ phases }: { readonly phases: Phases }) {
  const rows = phases.flatMap(({ phase, name, zones }) => zones.map((zone) => ({ ...zone, phase, name })));
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>Windows by time zone</summary>
      <PlainTable
        label="Table of windows"
        head={['Phase', 'Zone', 'Gateways', 'Opens', 'Closes']}
        rows={rows.map(({ phase, name, zone, gateways, opensAt, closesAt }) => ({
          key: `${phase} ${zone}`,
          cells: [
            <span key="phase">
              {phase} <Name text={name} />
            </span>,
            <Name key="zone" text={zone} />,
            numberText(gateways),
            <InstantThere key="opens" at={opensAt} zone={zone} />,
            <InstantThere key="closes" at={closesAt} zone={zone} />,
          ],
        }))}
      />
    </details>
  );
}

/** What goes over each line that gateways share, phase by phase; nothing where nothing does. */
export function CampaignLines({
  phases,
  siteLabel,
}: {
  readonly phases: Phases;
  readonly siteLabel: string;
}) {
  const rows = phases.flatMap(({ phase, name, sites }) => sites.map((site) => ({ ...site, phase, name })));
  if (rows.length === 0) return null;
  const leftOut = phases.reduce((sum, { siteCount, sites }) => sum + siteCount - sites.length, 0);
  return (
    <details>
      <summary>Bytes over each {siteLabel}</summary>
      <PlainTable
        label={`Table of bytes over each ${siteLabel}`}
        head={['Phase', siteLabel, 'Gateways', 'Bytes']}
        rows={rows.map(({ phase, name, site, gateways, bytes }) => ({
          key: `${phase} ${site}`,
          cells: [
            <span key="phase">
              {phase} <Name text={name} />
            </span>,
            <Name key="site" text={site === '' ? '(none)' : site} />,
            numberText(gateways),
            bytesText(bytes),
          ],
        }))}
      />
      {leftOut > 0 && <p className="quiet">{numberText(leftOut)} with less are left out.</p>}
    </details>
  );
}
