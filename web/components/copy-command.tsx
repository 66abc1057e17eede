import { useState } from 'react';
import { PressButton } from './press-button.js';

/** A command that does the same as the page; copied by a press where the browser allows it. */
export function CopyCommand({ what, command }: { readonly what: string; readonly command: string }) {
  const [said, setSaid] = useState('');
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(command);
      setSaid('Copied.');
    } catch {
      setSaid('The browser does not allow it; mark it and copy.');
    }
  }
  return (
    <div className="command">
      <span className="quiet">{what}:</span>
      <code tabIndex={0}>{command}</code>
      <PressButton onPress={() => void copy()} label={`Copy: ${what}`}>
        Copy
      </PressButton>
      <span role="status" className="quiet">
        {said}
      </span>
    </div>
  );
}
