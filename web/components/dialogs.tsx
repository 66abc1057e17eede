import { useEffect, useId, useState, useSyncExternalStore, type ReactNode } from 'react';
import { Dialog, Heading, Input, Label, Modal, ModalOverlay, TextField } from 'react-aria-components';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { OpenAsk } from '../logic/open-ask.js';
import { printable } from '../logic/text.js';
import { Failure } from './loaded.js';
import { PressButton } from './press-button.js';

interface AskProps {
  /** On the button that opens it, and in its heading. */
  readonly action: string;
  readonly title: string;
  readonly kind?: 'plain' | 'primary' | 'danger';
  /** To be typed before it can be done; for what destroys. */
  readonly name?: string;
  /** Whether a reason is asked for. */
  readonly withReason?: boolean;
  /** What will happen. */
  readonly children?: ReactNode;
  readonly run: (reason: string) => Promise<unknown>;
}

const openAsk = new OpenAsk<AskProps>();

/** A button that says what it will do, and does it when that is confirmed in the {@link AskDialog}. */
export function AskButton(props: AskProps) {
  const id = useId();
  // What it shows may change while it is open, such as a preview of what was typed into it.
  useEffect(() => openAsk.offer(id, props));
  useEffect(() => () => openAsk.withdraw(id), [id]);
  return (
    <PressButton kind={props.kind ?? 'plain'} opensDialog onPress={() => openAsk.open(id, props)}>
      {props.action}…
    </PressButton>
  );
}

/**
 * The dialog of whichever {@link AskButton} was pressed. It stands beside the page, not within it: it stays when somebody
 * else's doing takes the button away, and goes when one leaves the page.
 */
export function AskDialog() {
  const asked = useSyncExternalStore(openAsk.subscribe, openAsk.asked);
  useEffect(() => () => openAsk.close(), []);
  return (
    <ModalOverlay
      className="shade"
      isDismissable
      isOpen={asked !== null}
      onOpenChange={(isOpen) => {
        if (!isOpen) openAsk.close();
      }}
    >
      <Modal className="dialog">
        <Dialog>
          {asked !== null && <Ask key={asked.id} {...asked.what} isOffered={asked.isOffered} />}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** When it is done everything is looked at anew. */
function Ask({
  action,
  title,
  kind = 'plain',
  name,
  withReason = false,
  children,
  run,
  isOffered,
}: AskProps & { readonly isOffered: boolean }) {
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const work = useMutation({
    mutationFn: () => run(reason.trim()),
    onSuccess: async () => {
      openAsk.close();
      await queries.invalidateQueries();
    },
  });
  return (
    <>
      <Heading slot="title">{title}</Heading>
      {children}
      {withReason && (
        <TextField className="field" value={reason} onChange={setReason} maxLength={500}>
          <Label>Why (for those who read it later)</Label>
          <Input />
        </TextField>
      )}
      {name !== undefined && (
        <TextField className="field" value={typed} onChange={setTyped} autoComplete="off">
          <Label>
            Type <code>{printable(name)}</code> to confirm
          </Label>
          <Input />
        </TextField>
      )}
      <div role="status">
        {!isOffered && !work.isPending && (
          <p className="stale">Meanwhile something has changed: the page does not offer this any more.</p>
        )}
      </div>
      {work.error !== null && <Failure error={work.error} />}
      <div className="actions">
        <PressButton onPress={() => openAsk.close()}>Leave it</PressButton>
        <PressButton
          kind={kind === 'danger' ? 'danger' : 'primary'}
          isDisabled={name !== undefined && typed !== name}
          isBusy={work.isPending}
          onPress={() => work.mutate()}
        >
          {action}
        </PressButton>
      </div>
    </>
  );
}
