/** The dashboard: asks the API again and again, and shows what it answers. */
import { Away, get, NotSignedIn, storedToken, storeToken } from './api.js';
import { element } from './dom.js';
import { NodeList } from './node-list.js';
import { RolloutList } from './rollout-list.js';
import { rolloutView } from './rollout-view.js';
import { endedRolloutStates, troubleStates } from './vocabulary.js';

const busyMs = 1000;
const idleMs = 4000;
const shownRollouts = 12;

const $ = (id) => document.getElementById(id);
const rolloutList = new RolloutList($('rollouts'), select);
const nodeList = new NodeList($('nodes'));

/** Rollouts in full, by id; one that has ended is not asked for again, unless a lost gateway may still report. */
const known = new Map();
let selectedId = null;
let shownText = '';
let timer = null;
/** Grows with every look, so that the answers to an earlier one are dropped. */
let turn = 0;

function select(id) {
  selectedId = id;
  shownText = '';
  void look();
}

async function look() {
  clearTimeout(timer);
  turn += 1;
  const own = turn;
  let nextMs = idleMs;
  try {
    const [{ items }, nodes] = await Promise.all([get(`/rollouts?limit=${shownRollouts}`), get('/nodes')]);
    await Promise.all(
      items.filter(isWorthAsking).map(async ({ id }) => known.set(id, await get(`/rollouts/${id}`))),
    );
    if (own !== turn) return;
    const rollouts = items.map((item) => known.get(item.id) ?? item);
    if (!rollouts.some(({ id }) => id === selectedId)) selectedId = rollouts[0]?.id ?? null;
    rolloutList.show(rollouts, selectedId);
    nodeList.show(nodes.items, nodes.pool);
    await showSelected(own);
    if (rollouts.some(({ state }) => !hasEnded(state))) nextMs = busyMs;
    connected('');
  } catch (error) {
    if (own !== turn) return;
    if (error instanceof NotSignedIn) return signIn('That token is not valid (any more).');
    connected(error instanceof Away ? `Waiting for ${error.what}` : `No news: ${error.message}`);
  }
  timer = setTimeout(look, nextMs);
}

function hasEnded(state) {
  return endedRolloutStates.includes(state);
}

function isWorthAsking({ id, state }) {
  const before = known.get(id);
  return (
    before === undefined ||
    !hasEnded(state) ||
    before.state !== state ||
    (id === selectedId && before.counts.lost > 0)
  );
}

async function showSelected(own) {
  const rollout = known.get(selectedId);
  if (rollout === undefined) {
    $('rollout').replaceChildren(element('p', { class: 'quiet' }, 'Nothing to show yet.'));
    return;
  }
  // Running steps grow with the clock; what stands still is drawn once.
  const text = JSON.stringify(rollout) + (hasEnded(rollout.state) ? '' : String(Date.now()));
  if (text === shownText) return;
  const troubles = await troublesOf(rollout);
  if (own !== turn) return;
  shownText = text;
  $('rollout-title').textContent = `${rollout.requests.join(' ')} to ${rollout.deployment}`;
  $('rollout').replaceChildren(...rolloutView(rollout, troubles));
}

async function troublesOf({ id, counts }) {
  const wanted = troubleStates.filter((state) => counts[state] > 0);
  const pages = await Promise.all(
    wanted.map((state) => get(`/rollouts/${id}/deliveries?limit=500&state=${state}`)),
  );
  return pages.flatMap(({ items }) => items);
}

function connected(problem) {
  // Written only when it changes: it is read aloud.
  if ($('connection').textContent !== problem) $('connection').textContent = problem;
}

function signIn(problem) {
  clearTimeout(timer);
  turn += 1;
  storeToken(null);
  known.clear();
  $('sign-in-problem').textContent = problem;
  show(false);
  $('token').focus();
}

function show(signedIn) {
  $('sign-in').hidden = signedIn;
  $('dashboard').hidden = !signedIn;
  $('sign-out').hidden = !signedIn;
}

$('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  storeToken($('token').value.trim());
  $('token').value = '';
  $('sign-in-problem').textContent = '';
  show(true);
  void look();
});
$('sign-out').addEventListener('click', () => signIn(''));

if (storedToken() === null) {
  signIn('');
} else {
  show(true);
  void look();
}
