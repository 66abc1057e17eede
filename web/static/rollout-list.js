import { durationText, element } from './dom.js';
import { ProgressBar } from './progress-bar.js';

/** The rollouts as cards. A card stays the same element as long as its rollout is shown, so that focus stays too. */
export class RolloutList {
  constructor(root, onSelect) {
    this.root = root;
    this.onSelect = onSelect;
    this.cards = new Map();
  }

  show(rollouts, selectedId) {
    if (rollouts.length === 0)
      this.root.replaceChildren(
        element('li', { class: 'quiet' }, 'None yet. Start one with: leonore provision'),
      );
    const shown = new Set(rollouts.map(({ id }) => id));
    for (const [id, card] of this.cards) {
      if (shown.has(id)) continue;
      card.item.remove();
      this.cards.delete(id);
    }
    rollouts.forEach((rollout, index) => {
      const card = this.cards.get(rollout.id) ?? this.addCard(rollout);
      if (this.root.children[index] !== card.item)
        this.root.insertBefore(card.item, this.root.children[index] ?? null);
      updateCard(card, rollout, rollout.id === selectedId);
    });
    while (this.root.children.length > Math.max(1, rollouts.length)) this.root.lastElementChild.remove();
  }

  addCard({ id, requests, deployment }) {
    const state = element('span', { class: 'state' });
    const time = element('span', { class: 'quiet' });
    const bar = new ProgressBar();
    const button = element(
      'button',
      { type: 'button', class: 'card', onclick: () => this.onSelect(id) },
      element('span', { class: 'card-head' }, element('strong', {}, requests.join(' ')), state),
      element('span', { class: 'card-head' }, element('span', {}, `to ${deployment}`), time),
    );
    const card = { button, state, time, bar, item: element('li', {}, button, bar.root) };
    this.cards.set(id, card);
    return card;
  }
}

function updateCard({ button, state, time, bar }, rollout, isSelected) {
  button.setAttribute('aria-pressed', String(isSelected));
  state.textContent =
    rollout.waitingFor === null ? rollout.state : `${rollout.state}, waiting for ${rollout.waitingFor}`;
  state.className = `state ${rollout.state}`;
  time.textContent = durationText(rollout.createdAt, rollout.endedAt);
  if (rollout.counts !== undefined) bar.show(rollout.counts);
}
