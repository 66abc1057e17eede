/**
 * The address, for the router. That it has changed is no urgent news for what is drawn: whoever pressed something sees at once that
 * it was pressed, and a long list is drawn anew beside whatever else he does.
 */
import { startTransition, useEffect, useState } from 'react';
import type { BaseLocationHook, BaseSearchHook } from 'wouter';
import { navigate } from 'wouter/use-browser-location';

const changes = ['popstate', 'pushState', 'replaceState', 'hashchange'] as const;

const pathNow = (): string => location.pathname;
const searchNow = (): string => location.search;

function useAddress(now: () => string): string {
  const [shown, setShown] = useState(now);
  useEffect(() => {
    const look = (): void => startTransition(() => setShown(now()));
    for (const change of changes) addEventListener(change, look);
    // It may have changed since this was drawn.
    look();
    return () => {
      for (const change of changes) removeEventListener(change, look);
    };
  }, [now]);
  return shown;
}

export const usePath: BaseLocationHook = () => [useAddress(pathNow), navigate];
export const useSearch: BaseSearchHook = () => useAddress(searchNow);
