import { useState, type ReactNode } from 'react';
import {
  Dialog,
  DialogTrigger,
  Heading,
  Input,
  Label,
  Modal,
  ModalOverlay,
  TextField,
} from 'react-aria-components';
import { useMutation, useQueryClient } from '@tanstack/react-query';
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

/** A button that says what it will do, and does it when that is confirmed; then everything is looked at anew. */
export function AskButton({
  action,
  title,
  kind = 'plain',
  name,
  withReason = false,
  children,
  run,
}: AskProps) {
  return (
    <DialogTrigger>
      <PressButton kind={kind}>{action}…</PressButton>
      <ModalOverlay className="shade" isDismissable>
        <Modal className="dialog">
          <Dialog>
            {({ close }) => (
              <Ask
                {...{ action, title, kind, withReason, run, close }}
                {...(name === undefined ? {} : { name })}
              >
                {children}
              </Ask>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}

function Ask({
  action,
  title,
  kind,
  name,
  withReason,
  children,
  run,
  close,
}: AskProps & { readonly close: () => void }) {
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const queries = useQueryClient();
  const work = useMutation({
    mutationFn: () => run(reason.trim()),
    onSuccess: async () => {
      close();
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
      {work.error !== null && <Failure error={work.error} />}
      <div className="actions">
        <PressButton onPress={close}>Leave it</PressButton>
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
