import { Link } from 'wouter';
import { printable, shortened } from '../logic/text.js';

/** Longer names are cut where many are shown; the whole of it is on the page of what it names. */
const shownCharacters = 120;

/** A name that somebody else chose: it keeps to itself, whatever is in it. */
export function Name({ text, code = false }: { readonly text: string; readonly code?: boolean }) {
  const shown = (
    <bdi title={text.length > shownCharacters ? printable(text.slice(0, 2_000)) : undefined}>
      {shortened(printable(text), shownCharacters)}
    </bdi>
  );
  return code ? <code>{shown}</code> : shown;
}

export function GatewayLink({ id }: { readonly id: string }) {
  return (
    <Link href={gatewayHref(id)}>
      <Name text={id} />
    </Link>
  );
}

export const gatewayHref = (id: string): string => `/gateways/${encodeURIComponent(id)}`;
export const rolloutHref = (id: string): string => `/rollouts/${encodeURIComponent(id)}`;
export const campaignHref = (id: string): string => `/campaigns/${encodeURIComponent(id)}`;
export const campaignReportHref = (id: string): string => `${campaignHref(id)}/report`;

/** What was asked for, one after the other. */
export function Requests({ requests }: { readonly requests: readonly string[] }) {
  return <Name text={requests.join(' ')} />;
}
export const packageHref = (id: string): string => `/packages/${encodeURIComponent(id)}`;
export const deploymentHref = (name: string): string => `/deployments/${encodeURIComponent(name)}`;
export const wantedStateHref = (id: string): string => `/wanted-states/${encodeURIComponent(id)}`;

export function artifactHref(name: string, version?: string): string {
  const page = `/artifacts/${encodeURIComponent(name)}`;
  return version === undefined ? page : `${page}?version=${encodeURIComponent(version)}`;
}
