import { Listeners } from '../logic/listeners.js';

/** Light or dark: what the system says, until somebody chooses. */
export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const storageKey = 'leonore.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Listeners();

export const theme = {
  chosen: (): Theme => themes.find((one) => one === localStorage.getItem(storageKey)) ?? 'system',
  choose(next: Theme): void {
    localStorage.setItem(storageKey, next);
    show();
    listeners.tell();
  },
  subscribe: listeners.subscribe,
};

/** Shows the page in its theme, and follows the system. */
export function applyTheme(): void {
  show();
  dark.addEventListener('change', show);
}

function show(): void {
  const chosen = theme.chosen();
  const shown = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen;
  document.documentElement.dataset['theme'] = shown;
}
