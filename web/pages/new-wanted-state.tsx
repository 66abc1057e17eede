import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Input, Label, TextField } from 'react-aria-components';
import { useLocation } from 'wouter';
import { presetNames, presets } from '../../domain/campaign/presets.js';
import { answerOf, api } from '../api/client.js';
import { wantedStatesQuery } from '../api/queries.js';
import { useMay } from '../api/whoami.js';
import { Choices } from '../components/choices.js';
import { CopyCommand } from '../components/copy-command.js';
import { FieldProblem } from '../components/field-problem.js';
import { DeploymentNames, deploymentNamesId } from '../components/known-names.js';
import { Failure } from '../components/loaded.js';
import { wantedStateHref } from '../components/name.js';
import { Page } from '../components/page.js';
import { PressButton } from '../components/press-button.js';
import { RequestsField } from '../components/requests-field.js';
import { strategyText } from '../logic/campaign.js';
import { useIdempotencyKey } from '../logic/idempotency-key.js';
import {
  emptyWantForm,
  missingInWant,
  newVersionWays,
  wantBody,
  wantCommand,
  type NewVersionWay,
  type WantForm,
} from '../logic/want-form.js';

const wayWords: Readonly<Record<NewVersionWay, string>> = {
  asked: 'when somebody asks',
  'at-once': 'by themselves, to all at once',
  strategy: 'by themselves, bit by bit',
};

/** What a deployment is to be kept at, and how new versions of it go out. */
export default function NewWantedStatePage() {
  const may = useMay();
  return (
    <Page title="Keep something" crumbs={[{ text: 'Wanted states', href: '/wanted-states' }]}>
      {may('operator') ? (
        <WantFields />
      ) : (
        <p className="quiet">Your role may look, and not ask for anything.</p>
      )}
    </Page>
  );
}

function WantFields() {
  const [form, setForm] = useState(emptyWantForm);
  const [isTried, setIsTried] = useState(false);
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const key = useIdempotencyKey();
  const change = (part: Partial<WantForm>) => setForm({ ...form, ...part });
  const missing = missingInWant(form);
  const problems = isTried ? missing : {};
  const isWhole = Object.keys(missing).length === 0;
  const want = useMutation({
    mutationFn: () =>
      answerOf(
        api.POST('/api/v1/wanted-states', {
          body: wantBody(form),
          params: { header: { 'idempotency-key': key.next() } },
        }),
      ),
    onSuccess: ({ id }) => {
      key.used();
      void queries.invalidateQueries({ queryKey: wantedStatesQuery.queryKey });
      navigate(wantedStateHref(id));
    },
  });
  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    setIsTried(true);
    if (isWhole) want.mutate();
  }
  return (
    <form className="card plan-form" onSubmit={submit} aria-label="What is kept, and where">
      <RequestsField value={form.what} problem={problems.what} onChange={(what) => change({ what })} />
      <TextField
        className="field"
        value={form.deployment}
        onChange={(deployment) => change({ deployment })}
        isInvalid={problems.deployment !== undefined}
      >
        <Label>Deployment</Label>
        <Input list={deploymentNamesId} autoComplete="off" spellCheck={false} />
        <FieldProblem
          text={problems.deployment}
          otherwise="Whoever joins it later, comes back or drifts is brought there, too."
        />
      </TextField>
      <DeploymentNames />
      <Choices
        label="New versions in the range go out"
        options={newVersionWays}
        chosen={form.way}
        words={(way) => wayWords[way]}
        onChoose={(way) => change({ way })}
      />
      {form.way === 'strategy' && (
        <div className="wide">
          <Choices
            label="Strategy"
            options={presetNames}
            chosen={form.strategy}
            onChoose={(strategy) => change({ strategy })}
          />
          <p className="quiet">{strategyText(presets[form.strategy])}</p>
        </div>
      )}
      <div className="actions wide">
        <PressButton kind="primary" type="submit" isBusy={want.isPending}>
          Keep it
        </PressButton>
      </div>
      {isWhole && (
        <div className="wide">
          <CopyCommand what="The same for a script" command={wantCommand(form)} />
        </div>
      )}
      {want.error !== null && (
        <div className="wide">
          <Failure error={want.error} />
        </div>
      )}
    </form>
  );
}
