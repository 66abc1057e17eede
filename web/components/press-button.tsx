import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';

interface PressButtonProps {
  readonly kind?: 'plain' | 'primary' | 'danger' | 'bare';
  readonly onPress?: () => void;
  readonly type?: 'button' | 'submit';
  readonly isDisabled?: boolean;
  /** While what it began goes on, pressing it does nothing; it keeps the focus. */
  readonly isBusy?: boolean;
  readonly label?: string;
  readonly opensDialog?: boolean;
  readonly children: ReactNode;
}

export function PressButton({
  kind = 'plain',
  onPress,
  type = 'button',
  isDisabled = false,
  isBusy = false,
  label,
  opensDialog = false,
  children,
}: PressButtonProps) {
  return (
    <Button
      className={`button ${kind}`}
      type={isBusy ? 'button' : type}
      isDisabled={isDisabled}
      {...(label === undefined ? {} : { 'aria-label': label })}
      {...(opensDialog ? { 'aria-haspopup': 'dialog' } : {})}
      {...(onPress === undefined || isBusy ? {} : { onPress })}
    >
      {isBusy ? <>{children} …</> : children}
    </Button>
  );
}
