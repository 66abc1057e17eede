import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useState, type SubmitEvent } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { ApiProblem, signInIssuer, whoHolds } from '../api/client.js';
import { queryClient } from '../api/query-client.js';
import { session } from '../api/session.js';
import type { SignInProblem } from '../logic/cookies.js';
import { printable } from '../logic/text.js';
import { PressButton } from './press-button.js';

/** Where the window of a sign-in ends (web/views.json). */
export const signedInPath = '/signed-in';

/** Where a browser is sent to sign in by the provider. @param to where it comes back to, a path of the dashboard */
function startAddress(to: string): string {
  return `/api/v1/sign-in/start?to=${encodeURIComponent(to)}`;
}

/** What is seen before anything else. */
export function SignInPage() {
  const [problem] = useState(() => session.takeProblem());
  const provider = useProvider();
  return (
    <main className="sign-in-page" id="main">
      <title>Sign in · LEONORE</title>
      <div className="card sign-in">
        <h1>LEONORE</h1>
        {problem !== null && <Refusal problem={problem} />}
        {provider !== null && (
          <a className="button primary" href={startAddress(location.pathname + location.search)}>
            Sign in by {provider}
          </a>
        )}
        <SignInForm action={provider === null ? 'Sign in' : 'Sign in with the token'} />
      </div>
    </main>
  );
}

/** Over a page whose session is over: it stays as it is, and goes on with the next one. */
export function RenewSession() {
  const provider = useProvider();
  const [isBlocked, setBlocked] = useState(false);
  useEffect(
    () => session.awaitProvider(() => void queryClient.invalidateQueries({ queryKey: ['whoami'] })),
    [],
  );
  return (
    <ModalOverlay className="shade" isOpen isKeyboardDismissDisabled>
      <Modal className="dialog">
        <Dialog>
          <Heading slot="title">Sign in again</Heading>
          <p>
            The session or the token has expired, or was revoked. Nothing on the page is lost; it goes on with
            the next one.
          </p>
          {provider !== null && (
            <div className="actions">
              <PressButton
                kind="primary"
                onPress={() => {
                  const opened = window.open(startAddress(signedInPath), '', 'popup,width=520,height=700');
                  setBlocked(opened === null);
                }}
              >
                Sign in by {provider}
              </PressButton>
            </div>
          )}
          {isBlocked && (
            <span className="problem" role="alert">
              The browser keeps the window for it from opening; allow windows of this page.
            </span>
          )}
          <SignInForm action={provider === null ? 'Go on' : 'Go on with the token'} />
          <div className="actions">
            <PressButton
              onPress={() => {
                session.signOut();
                queryClient.clear();
              }}
            >
              Leave the page
            </PressButton>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** Where the window of a sign-in ends: it tells the page that waits for it, and closes. */
export function SignedInPage() {
  const [problem] = useState(() => session.takeProblem());
  useEffect(() => {
    if (problem !== null) return;
    session.tellOthers();
    window.close();
  }, [problem]);
  return (
    <main className="sign-in-page" id="main">
      <title>Signed in · LEONORE</title>
      <div className="card sign-in">
        <h1>LEONORE</h1>
        {problem === null ? (
          <p>You are signed in. Close this window: the page that waited for it goes on.</p>
        ) : (
          <Refusal problem={problem} />
        )}
        <a href={problem === null ? '/' : startAddress(signedInPath)}>
          {problem === null ? 'Go to the overview' : 'Try again'}
        </a>
      </div>
    </main>
  );
}

function Refusal({ problem: { detail, advice } }: { readonly problem: SignInProblem }) {
  return (
    <p className="problem" role="alert">
      <strong>Nobody is signed in:</strong> {printable(detail)}. {printable(advice)}
    </p>
  );
}

/** Host of the provider that people can sign in by; null where there is none. */
function useProvider(): string | null {
  const { data = null } = useQuery({
    queryKey: ['sign-in'],
    queryFn: ({ signal }) => signInIssuer(signal),
    staleTime: 60_000,
  });
  return data !== null && URL.canParse(data) ? new URL(data).host : null;
}

function SignInForm({ action }: { readonly action: string }) {
  const id = useId();
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);

  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const tried = token.trim();
    if (tried === '') return setProblem('Enter a token.');
    // What cannot stand in a header is no token.
    if (!/^[\x21-\x7e]+$/.test(tried)) return setProblem('That is not a token.');
    setBusy(true);
    setProblem('');
    try {
      const who = await whoHolds(tried);
      if (who === null) return setProblem('That token is not valid.');
      queryClient.setQueryData(['whoami'], who);
      session.signIn({ by: 'token', token: tried });
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className="sign-in" onSubmit={(event) => void submit(event)}>
      <div className="field">
        <label htmlFor={id}>Token</label>
        <input
          id={id}
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={token}
          aria-describedby={`${id}-help ${id}-problem`}
          aria-invalid={problem !== ''}
          onChange={({ target }) => setToken(target.value)}
        />
        <span id={`${id}-help`} className="quiet">
          A management token; <code>leonore up</code> writes one to its <code>stack.json</code>. It is kept
          for this tab only.
        </span>
        <span id={`${id}-problem`} className="problem" role="alert">
          {problem}
        </span>
      </div>
      <PressButton kind="primary" type="submit" isBusy={isBusy}>
        {action}
      </PressButton>
    </form>
  );
}
