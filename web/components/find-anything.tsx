import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useId, useState, type KeyboardEvent } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useLocation } from 'wouter';
import { answerOf, api } from '../api/client.js';
import {
  artifactsQuery,
  campaignsQuery,
  deploymentsQuery,
  rolloutsQuery,
  wantedStatesQuery,
} from '../api/queries.js';
import { findIn, type Findable } from '../logic/find.js';
import {
  artifactHref,
  campaignHref,
  deploymentHref,
  gatewayHref,
  Name,
  rolloutHref,
  wantedStateHref,
} from './name.js';
import { PressButton } from './press-button.js';

const pauseMs = 200;
const mostGateways = '8';
const mostFound = 14;

interface FindAnythingProps {
  readonly places: readonly { readonly href: string; readonly text: string }[];
}

/** A key away from anywhere: pages, gateways, artifacts, campaigns, rollouts, deployments by a part of their names. */
export function FindAnything({ places }: FindAnythingProps) {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen(true);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  return (
    <>
      <PressButton onPress={() => setOpen(true)}>Find (Ctrl K)</PressButton>
      <ModalOverlay className="shade" isOpen={isOpen} onOpenChange={setOpen} isDismissable>
        <Modal className="dialog">
          <Dialog>
            <Heading slot="title">Go to</Heading>
            <Finder places={places} leave={() => setOpen(false)} />
          </Dialog>
        </Modal>
      </ModalOverlay>
    </>
  );
}

function Finder({ places, leave }: FindAnythingProps & { readonly leave: () => void }) {
  const id = useId();
  const [, navigate] = useLocation();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const found = useFound(text, places);
  const chosen = Math.min(at, Math.max(0, found.length - 1));
  function go(item: Findable | undefined): void {
    if (item === undefined) return;
    navigate(item.href);
    leave();
  }
  function press({ key, preventDefault }: Pick<KeyboardEvent, 'key' | 'preventDefault'>): void {
    if (key === 'ArrowDown') setAt(Math.min(chosen + 1, found.length - 1));
    else if (key === 'ArrowUp') setAt(Math.max(0, chosen - 1));
    else if (key === 'Enter') go(found[chosen]);
    else return;
    preventDefault();
  }
  return (
    <div className="field">
      <label htmlFor={id}>Part of a name or id</label>
      <input
        id={id}
        role="combobox"
        autoFocus
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        value={text}
        aria-expanded={found.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        {...(found.length > 0 ? { 'aria-activedescendant': `${id}-${chosen}` } : {})}
        onChange={({ target }) => {
          setText(target.value);
          setAt(0);
        }}
        onKeyDown={(event) => press({ key: event.key, preventDefault: () => event.preventDefault() })}
      />
      <ul id={`${id}-list`} role="listbox" aria-label="Found" className="found">
        {found.map((item, index) => (
          <li
            key={`${item.kind} ${item.href}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            onClick={() => go(item)}
          >
            <Name text={item.text} /> <span className="quiet">{item.kind}</span>
          </li>
        ))}
      </ul>
      <p role="status" className="quiet">
        {found.length === 0 ? 'Nothing is called like that.' : ''}
      </p>
    </div>
  );
}

function useFound(text: string, places: FindAnythingProps['places']): Findable[] {
  const [settled, setSettled] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text.trim()), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  const gateways = useQuery({
    queryKey: ['find', settled],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/api/v1/gateways', { params: { query: { text: settled, limit: mostGateways } }, signal }),
      ),
    enabled: settled !== '',
    placeholderData: (before) => before,
  });
  const artifacts = itemsOf(useInfiniteQuery({ ...artifactsQuery, refetchInterval: false }));
  const campaigns = itemsOf(useInfiniteQuery({ ...campaignsQuery, refetchInterval: false }));
  const rollouts = itemsOf(useInfiniteQuery({ ...rolloutsQuery, refetchInterval: false }));
  const deployments = itemsOf(useInfiniteQuery({ ...deploymentsQuery, refetchInterval: false }));
  const wanted = itemsOf(useInfiniteQuery({ ...wantedStatesQuery, refetchInterval: false }));
  const known: Findable[] = [
    ...places.map(({ href, text: title }) => ({ kind: 'page', text: title, href })),
    ...[...new Set(artifacts.map(({ name }) => name))].map((name) => ({
      kind: 'artifact',
      text: name,
      href: artifactHref(name),
    })),
    ...deployments.map(({ name }) => ({ kind: 'deployment', text: name, href: deploymentHref(name) })),
    ...campaigns.map(({ id, requests, deployment }) => ({
      kind: 'campaign',
      text: `${requests.join(' ')} to ${deployment}`,
      also: id,
      href: campaignHref(id),
    })),
    ...rollouts.map(({ id, requests, deployment }) => ({
      kind: 'rollout',
      text: `${requests.join(' ')} to ${deployment}`,
      also: id,
      href: rolloutHref(id),
    })),
    ...wanted.map(({ id, requests, deployment }) => ({
      kind: 'wanted state',
      text: `${requests.join(' ')} on ${deployment}`,
      also: id,
      href: wantedStateHref(id),
    })),
  ];
  const matching = (settled === '' ? [] : (gateways.data?.items ?? [])).map(({ id }) => ({
    kind: 'gateway',
    text: id,
    href: gatewayHref(id),
  }));
  return [...findIn(known, text, mostFound - matching.length), ...matching];
}

function itemsOf<T>({
  data,
}: {
  readonly data: { readonly pages: readonly { readonly items: readonly T[] }[] } | undefined;
}): readonly T[] {
  return (data?.pages ?? []).flatMap(({ items }) => items);
}
