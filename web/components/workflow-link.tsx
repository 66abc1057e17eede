/** Leads to what Temporal knows of a workflow; nothing where nobody has said where its web UI is. */
export function WorkflowLink({ address }: { readonly address: string | null }) {
  if (address === null) return null;
  return (
    <a className="button link-button" href={address} target="_blank" rel="noreferrer">
      In Temporal
    </a>
  );
}
