import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { signOut } from '../api/client.js';
import { freshness } from '../api/freshness.js';
import { liveness } from '../api/liveness.js';
import { queryClient } from '../api/query-client.js';
import { serverClock } from '../api/server-clock.js';
import { theme, themes } from '../api/theme.js';
import { grantText } from '../../domain/access/grant.js';
import { useWhoami } from '../api/whoami.js';
import { printable } from '../logic/text.js';
import { spanText } from './clock.js';
import { FindAnything } from './find-anything.js';
import { PressButton } from './press-button.js';

const places = [
  { href: '/', text: 'Overview' },
  { href: '/campaigns', text: 'Campaigns' },
  { href: '/plan', text: 'Plan' },
  { href: '/rollouts', text: 'Rollouts' },
  { href: '/gateways', text: 'Gateways' },
  { href: '/artifacts', text: 'Artifacts' },
  { href: '/packages', text: 'Packages' },
  { href: '/deployments', text: 'Deployments' },
  { href: '/wanted-states', text: 'Wanted states' },
  { href: '/orders', text: 'Orders' },
  { href: '/nodes', text: 'Nodes' },
  { href: '/history', text: 'History' },
  { href: '/access', text: 'Access' },
] as const;

/** Navigation, the page, and how old it is. */
export function Frame({ children }: { readonly children: ReactNode }) {
  const [location] = useLocation();
  useFocusAfterNavigation(location);
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <div className="frame">
        <header className="side">
          <Link className="brand" href="/" aria-label="LEONORE, overview">
            LEONORE
          </Link>
          <nav aria-label="Main">
            <ul>
              {places.map(({ href, text }) => (
                <li key={href}>
                  <Link href={href} {...(isAt(location, href) ? { 'aria-current': 'page' } : {})}>
                    {text}
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
          <div className="side-end">
            <FindAnything places={places} />
            <Who />
            <ThemeChoice />
            <SignOut />
          </div>
        </header>
        <main id="main" tabIndex={-1}>
          <Stale />
          {children}
        </main>
      </div>
    </>
  );
}

function isAt(location: string, href: string): boolean {
  return href === '/' ? location === '/' : location === href || location.startsWith(`${href}/`);
}

function SignOut() {
  const [problem, setProblem] = useState('');
  async function leave(): Promise<void> {
    try {
      await signOut();
      queryClient.clear();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }
  return (
    <>
      <PressButton onPress={() => void leave()}>Sign out</PressButton>
      {problem !== '' && (
        <span className="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}

/** Who follows a link hears the heading of where it led. */
function useFocusAfterNavigation(location: string): void {
  const shown = useRef(location);
  useEffect(() => {
    if (shown.current === location) return;
    shown.current = location;
    window.scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [location]);
}

function Who() {
  const { data } = useWhoami();
  if (data === undefined) return null;
  return (
    <span>
      <bdi>{printable(data.name)}</bdi>
      <br />
      {data.grants.map(grantText).join(', ')}
    </span>
  );
}

function ThemeChoice() {
  const chosen = useSyncExternalStore(theme.subscribe, theme.chosen);
  return (
    <label>
      Theme{' '}
      <select
        value={chosen}
        onChange={({ target }) => theme.choose(themes.find((one) => one === target.value) ?? 'system')}
      >
        {themes.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}

/** How old what is shown is, while nothing answers. */
function Stale() {
  const seconds = useSyncExternalStore(freshness.subscribe, freshness.seconds);
  const aheadMs = useSyncExternalStore(serverClock.subscribe, serverClock.aheadMs);
  const quietSeconds = useSyncExternalStore(liveness.subscribe, liveness.seconds);
  return (
    <div role="status">
      {seconds > 0 && (
        <p className="stale">
          <strong>LEONORE does not answer.</strong> What is shown is {seconds} s old; it goes on by itself.
        </p>
      )}
      {seconds === 0 && quietSeconds > 0 && (
        <p className="stale">
          <strong>Nothing is told as it happens.</strong> The last news are {quietSeconds} s old; until there
          are others, the page asks every few seconds.
        </p>
      )}
      {aheadMs !== 0 && (
        <p className="stale">
          <strong>
            The clock of this computer is {spanText(Math.abs(aheadMs) / 1_000)}{' '}
            {aheadMs > 0 ? 'ahead' : 'behind'}.
          </strong>{' '}
          How long ago something was is told by the clock of LEONORE.
        </p>
      )}
    </div>
  );
}
