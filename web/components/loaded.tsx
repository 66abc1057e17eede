import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiProblem } from '../api/client.js';
import { printableLines } from '../logic/text.js';
import { PressButton } from './press-button.js';

interface LoadedProps<T> {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
}

/** What a query answered; that it is being asked, or why it did not answer, until it has. */
export function Loaded<T>({ query, children }: LoadedProps<T>) {
  const { data, error, isPending } = query;
  if (data !== undefined)
    return (
      <>
        {error !== null && <Failure error={error} retry={() => void query.refetch()} />}
        {children(data)}
      </>
    );
  if (isPending) return <Loading />;
  return <Failure error={error} retry={() => void query.refetch()} />;
}

export function Loading() {
  return (
    <p className="loading" role="status">
      Loading …
    </p>
  );
}

/** Why something failed, and what to do. */
export function Failure({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const { message, advice, status } = factsOf(error);
  return (
    <div className="failure" role="alert">
      <p>
        <strong>{printableLines(message)}</strong>
      </p>
      {advice !== null && <p className="quiet">{advice}</p>}
      {retry !== undefined && status !== 403 && status !== 404 && (
        <PressButton onPress={retry}>Ask again</PressButton>
      )}
    </div>
  );
}

function factsOf(error: unknown): Pick<ApiProblem, 'message' | 'advice' | 'status'> {
  if (error instanceof ApiProblem) return error;
  return { message: error instanceof Error ? error.message : String(error), advice: null, status: 0 };
}
