import { bytesText, secondsText } from '../../domain/units.js';
import type { Schemas } from '../api/queries.js';
import { budgetText, gateText } from '../logic/campaign.js';
import { countedText, numberText } from '../logic/numbers.js';
import { printable } from '../logic/text.js';
import { CampaignLines, CampaignWindows } from './campaign-lines.js';
import { Instant } from './clock.js';
import { Name } from './name.js';

interface CampaignForecastProps {
  readonly preview: Schemas['CampaignPreview'];
  readonly strategy: Schemas['CampaignStrategy'];
}

/** What a campaign would do, and when: its phases, windows and risks. */
export function CampaignForecast({ preview, strategy }: CampaignForecastProps) {
  const { gateways, phases, endsAt, deliverySeconds, isMeasured, risks, siteLabel } = preview;
  const budget = budgetText(strategy);
  return (
    <div>
      <p>
        <strong>{countedText(gateways, 'gateway')}</strong>; if all goes well, it ends <Instant at={endsAt} />
        . A delivery is taken to last {secondsText(deliverySeconds)},{' '}
        {isMeasured ? 'as the last ones did' : 'which is a guess'}.
      </p>
      <div className="scroll" tabIndex={0} role="region" aria-label="Table of phases">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Phase</th>
              <th scope="col" className="end">
                Gateways
              </th>
              <th scope="col">Packages to build</th>
              <th scope="col" className="end">
                To fetch
              </th>
              <th scope="col">Busiest {siteLabel}</th>
              <th scope="col">Begins</th>
              <th scope="col">Ends</th>
              <th scope="col">Gate</th>
            </tr>
          </thead>
          <tbody>
            {phases.map(({ phase, name, gateways: count, beginsAt, endsAt: phaseEndsAt, ...work }) => (
              <tr key={phase}>
                <th scope="row">
                  {phase} <Name text={name} />
                </th>
                <td className="end">{numberText(count)}</td>
                <td>{packagesText(work)}</td>
                <td className="end">{bytesText(work.downloadBytes)}</td>
                <td>
                  <BusiestLine sites={work.sites} />
                </td>
                <td>{beginsAt === null ? '–' : <Instant at={beginsAt} />}</td>
                <td>{phaseEndsAt === null ? '–' : <Instant at={phaseEndsAt} />}</td>
                <td>{gateText(strategy, phase)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <CampaignWindows phases={phases} />
      <CampaignLines phases={phases} siteLabel={siteLabel} />
      {budget !== null && <p className="quiet">{budget}</p>}
      {risks.map(({ kind, text, sample }) => (
        <p key={`${kind} ${text}`} className="why tone-lost">
          {printable(text)} <span className="quiet">{printable(sample.join(', '))}</span>
        </p>
      ))}
    </div>
  );
}

type PhaseWork = Pick<
  Schemas['CampaignPreview']['phases'][number],
  'packagesToBuild' | 'packagesThere' | 'sites'
>;

function packagesText({ packagesToBuild, packagesThere }: PhaseWork): string {
  return `${numberText(packagesToBuild)}, ${numberText(packagesThere)} there already`;
}

/** The line that most goes over. */
function BusiestLine({ sites: [busiest] }: Pick<PhaseWork, 'sites'>) {
  if (busiest === undefined) return '–';
  return (
    <>
      <Name text={busiest.site === '' ? '(none)' : busiest.site} />: {bytesText(busiest.bytes)}
    </>
  );
}
