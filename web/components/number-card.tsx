import { Link } from 'wouter';
import type { Tone } from '../logic/tones.js';
import { numberText } from '../logic/numbers.js';

interface NumberCardProps {
  readonly value: number | string;
  readonly what: string;
  readonly more?: string;
  readonly tone?: Tone;
  readonly href?: string;
}

/** One number that matters, and what it counts. */
export function NumberCard({ value, what, more, tone, href }: NumberCardProps) {
  const content = (
    <>
      <span className={`number ${tone === undefined ? '' : `tone-${tone}`}`}>
        {typeof value === 'number' ? numberText(value) : value}
      </span>
      {what}
      {more !== undefined && <span className="quiet"> {more}</span>}
    </>
  );
  return href === undefined ? (
    <div className="card">{content}</div>
  ) : (
    <Link className="card" href={href}>
      {content}
    </Link>
  );
}
