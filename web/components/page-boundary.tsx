import { Component, type ReactNode } from 'react';
import { Failure } from './loaded.js';

/** Shows what went wrong where a page cannot be shown; the rest of the dashboard stays. */
export class PageBoundary extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return <Failure error={error} retry={() => location.reload()} />;
  }
}
