import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { matchingQuery } from '../api/resource-queries.js';
import { countedText } from '../logic/numbers.js';
import { printable } from '../logic/text.js';
import { GatewayLink } from './name.js';

/** Typing goes on for so long before the API is asked. */
const pauseMs = 300;
const examples = 5;

/** How many gateways a selector matches while it is being typed, and some of them; or what is wrong with it. */
export function MatchingGateways({ select }: { readonly select: string }) {
  const [settled, setSettled] = useState(select);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(select), pauseMs);
    return () => clearTimeout(timer);
  }, [select]);
  const matching = useQuery(matchingQuery(settled.trim(), examples));
  if (select.trim() === '') return <p role="status" className="quiet" />;
  return (
    <p role="status" className="quiet">
      {matching.error !== null
        ? printable(matching.error.message)
        : matching.data === undefined
          ? '…'
          : `Matches ${countedText(matching.data.gateways, 'gateway')} now`}
      {matching.data?.sample.map((id, index) => (
        <span key={id}>
          {index === 0 ? ': ' : ', '}
          <GatewayLink id={id} />
        </span>
      ))}
    </p>
  );
}
