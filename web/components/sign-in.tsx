import { useId, useState, type SubmitEvent } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { ApiProblem, whoHolds } from '../api/client.js';
import { queryClient } from '../api/query-client.js';
import { session } from '../api/session.js';
import { PressButton } from './press-button.js';

/** What is seen before anything else. */
export function SignInPage() {
  return (
    <main className="sign-in-page" id="main">
      <title>Sign in · LEONORE</title>
      <div className="card sign-in">
        <h1>LEONORE</h1>
        <SignInForm action="Sign in" />
      </div>
    </main>
  );
}

/** Over a page whose token is not good any more: it stays as it is, and goes on with the next one. */
export function RenewSession() {
  return (
    <ModalOverlay className="shade" isOpen isKeyboardDismissDisabled>
      <Modal className="dialog">
        <Dialog>
          <Heading slot="title">Sign in again</Heading>
          <p>
            The token has expired or was revoked. Nothing on the page is lost; it goes on with the next one.
          </p>
          <SignInForm action="Go on" />
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
      session.signIn(tried);
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
