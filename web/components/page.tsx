import { useEffect, useRef, type ReactNode } from 'react';
import { Link } from 'wouter';
import { printable, shortened } from '../logic/text.js';

export interface Crumb {
  readonly text: string;
  readonly href: string;
}

interface PageProps {
  /** As it stands in the title of the window, too. */
  readonly title: string;
  /** What the heading shows besides, such as a state. */
  readonly beside?: ReactNode;
  readonly crumbs?: readonly Crumb[];
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** One view: its title in the window, its heading, where it belongs, and what can be done. */
export function Page({ title, beside, crumbs = [], actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = printable(title);
  useEffect(() => {
    document.title = `${shortened(shown, 80)} · LEONORE`;
  }, [shown]);
  return (
    <>
      <header className="page-head">
        <div className="page-title">
          {crumbs.length > 0 && (
            <nav aria-label="Where this belongs" className="crumbs">
              {crumbs.map(({ text, href }) => (
                <Link key={href} href={href}>
                  {text}
                </Link>
              ))}
            </nav>
          )}
          <h1 ref={heading} id="title" tabIndex={-1}>
            <bdi>{shown}</bdi>
          </h1>
          {beside}
        </div>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

/** A part of a page under a heading of its own. */
export function Card({
  title,
  beside,
  className = '',
  children,
}: {
  readonly title: string;
  readonly beside?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  return (
    <section className={`card ${className}`} aria-label={title}>
      <div className="card-head">
        <h2>{title}</h2>
        {beside}
      </div>
      {children}
    </section>
  );
}

/** What stands where there is nothing to show. */
export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className="empty">{children}</p>;
}
