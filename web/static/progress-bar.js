import { element } from './dom.js';
import { endedStates, openStates } from './vocabulary.js';

/** In the order in which the bar shows them: what succeeded, what is on its way, what ended otherwise. */
const [wanted, ...others] = endedStates;
const states = [wanted, ...[...openStates].reverse(), ...others.reverse()];

/** The deliveries of a rollout as a bar of their states, with the numbers in words beside it. */
export class ProgressBar {
  constructor() {
    this.parts = Object.fromEntries(
      states.map((state) => [state, element('span', { class: `part ${state}` })]),
    );
    this.bar = element('div', { class: 'bar', role: 'img' }, ...Object.values(this.parts));
    this.legend = element('p', { class: 'legend' });
    this.root = element('div', {}, this.bar, this.legend);
  }

  show(counts) {
    const present = states.filter((state) => counts[state] > 0);
    const total = present.reduce((sum, state) => sum + counts[state], 0);
    const ended = present.reduce((sum, state) => sum + (endedStates.includes(state) ? counts[state] : 0), 0);
    for (const state of states) this.parts[state].style.flexGrow = String(counts[state]);
    const words = present.map((state) => `${counts[state]} ${state}`).join(', ') || 'no deliveries yet';
    this.bar.setAttribute('aria-label', `${ended} of ${total} deliveries ended: ${words}`);
    this.legend.replaceChildren(
      element('strong', {}, `${ended} / ${total}`),
      ...present.map((state) =>
        element(
          'span',
          { class: 'key' },
          element('i', { class: `swatch ${state}` }),
          `${counts[state]} ${state}`,
        ),
      ),
    );
  }
}
