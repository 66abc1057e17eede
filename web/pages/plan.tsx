import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Input, Label, TextArea, TextField } from 'react-aria-components';
import { useLocation, useSearchParams } from 'wouter';
import { presetNames, presets } from '../../domain/campaign/presets.js';
import { answerOf, api } from '../api/client.js';
import type { Schemas } from '../api/queries.js';
import { serverClock } from '../api/server-clock.js';
import { useMay, whoamiQuery } from '../api/whoami.js';
import { CampaignForecast } from '../components/campaign-forecast.js';
import { Check, Choices } from '../components/choices.js';
import { CopyCommand } from '../components/copy-command.js';
import { DryRun } from '../components/dry-run.js';
import { FieldProblem } from '../components/field-problem.js';
import { DeploymentNames, deploymentNamesId } from '../components/known-names.js';
import { Failure, Loading } from '../components/loaded.js';
import { campaignHref } from '../components/name.js';
import { Card, Page } from '../components/page.js';
import { PressButton } from '../components/press-button.js';
import { RequestsField } from '../components/requests-field.js';
import { SinceLastDryRun } from '../components/since-last-dry-run.js';
import { keepLast, summaryOf } from '../logic/last-dry-run.js';
import { useIdempotencyKey } from '../logic/idempotency-key.js';
import {
  campaignCommand,
  formFrom,
  missingIn,
  parametersOf,
  planCommand,
  requestsOf,
  targetKinds,
  targetOf,
  type PlanForm,
  type TargetKind,
} from '../logic/plan-form.js';

const targetWords: Readonly<
  Record<TargetKind, { readonly choice: string; readonly label: string; readonly help: string }>
> = {
  deployment: { choice: 'a deployment', label: 'Deployment', help: 'A set of gateways that has a name.' },
  select: {
    choice: 'all that match',
    label: 'Selector',
    help: 'Such as labels.site == "b1" && hardware.arch == "armv7".',
  },
  gateways: {
    choice: 'gateways by id',
    label: 'Gateways',
    help: 'Ids, separated by spaces, commas or lines.',
  },
};

const plansWanted = 3;

/** What to bring where: a dry run first, then a campaign. The form stands in the address. */
export default function PlanPage() {
  const [parameters, setParameters] = useSearchParams();
  const asked = formFrom(parameters);
  const isAsked = Object.keys(missingIn(asked)).length === 0;
  const queries = useQueryClient();
  const ask = (form: PlanForm) => {
    const next = parametersOf(form);
    if (next.toString() !== parametersOf(asked).toString()) setParameters(next);
    // The same once more: gateways may have changed meanwhile.
    else
      for (const queryKey of [['plan'], ['campaign-preview']]) void queries.invalidateQueries({ queryKey });
  };
  return (
    <Page title="Plan" beside={<span className="quiet">nothing is changed until you start it</span>}>
      <div className="stack">
        <PlanFields key={parametersOf(asked).toString()} form={asked} onAsk={ask} />
        {isAsked && <Answer form={asked} onChange={(form) => setParameters(parametersOf(form))} />}
      </div>
    </Page>
  );
}

interface PlanFieldsProps {
  readonly form: PlanForm;
  readonly onAsk: (form: PlanForm) => void;
}

function PlanFields({ form, onAsk }: PlanFieldsProps) {
  const [shown, setShown] = useState(form);
  const [problems, setProblems] = useState<ReturnType<typeof missingIn>>({});
  const change = (part: Partial<PlanForm>) => setShown({ ...shown, ...part });
  const words = targetWords[shown.kind];
  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const missing = missingIn(shown);
    setProblems(missing);
    if (Object.keys(missing).length === 0) onAsk(shown);
  }
  return (
    <form className="card plan-form" onSubmit={submit} aria-label="What and where">
      <RequestsField value={shown.what} problem={problems.what} onChange={(what) => change({ what })} />
      <Choices
        label="Where"
        options={targetKinds}
        chosen={shown.kind}
        words={(kind) => targetWords[kind].choice}
        onChoose={(kind) => change({ kind, where: '' })}
      />
      <TextField
        className="field"
        value={shown.where}
        onChange={(where) => change({ where })}
        isInvalid={problems.where !== undefined}
      >
        <Label>{words.label}</Label>
        {shown.kind === 'gateways' ? (
          <TextArea rows={3} spellCheck={false} />
        ) : (
          <Input
            autoComplete="off"
            spellCheck={false}
            {...(shown.kind === 'deployment' ? { list: deploymentNamesId } : {})}
          />
        )}
        <FieldProblem text={problems.where} otherwise={words.help} />
      </TextField>
      <DeploymentNames />
      <div className="actions wide">
        <Check isChosen={shown.allowRemove} onChange={(allowRemove) => change({ allowRemove })}>
          Newer versions may take away what was asked for before
        </Check>
        <Check isChosen={shown.allowDowngrade} onChange={(allowDowngrade) => change({ allowDowngrade })}>
          It may be older than what is there
        </Check>
      </div>
      <div className="actions wide">
        <PressButton kind="primary" type="submit">
          Dry run
        </PressButton>
      </div>
    </form>
  );
}

function Answer({
  form,
  onChange,
}: {
  readonly form: PlanForm;
  readonly onChange: (form: PlanForm) => void;
}) {
  const { allowRemove, allowDowngrade } = form;
  const queries = useQueryClient();
  const plan = useQuery({
    queryKey: ['plan', requestsOf(form), targetOf(form), allowRemove, allowDowngrade],
    queryFn: async ({ signal }) => {
      const [{ name }, answer] = await Promise.all([
        queries.query({ ...whoamiQuery, staleTime: 'static' }),
        answerOf(
          api.POST('/api/v1/plans', {
            body: {
              requests: requestsOf(form),
              ...targetOf(form),
              plans: plansWanted,
              allowRemove,
              allowDowngrade,
            },
            signal,
          }),
        ),
      ]);
      const last = summaryOf(answer, form, serverClock.nowMs());
      return { answer, last, before: keepLast(sessionStorage, name, last) };
    },
    // It costs; who wants another asks for it.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  if (plan.isPending) return <Loading />;
  if (plan.error !== null) return <Failure error={plan.error} retry={() => void plan.refetch()} />;
  const { answer, before, last } = plan.data;
  return (
    <>
      <DryRun answer={answer} onChange={(part) => onChange({ ...form, ...part })} form={form} />
      {before !== null && <SinceLastDryRun before={before} last={last} />}
      <CopyCommand what="The same dry run for a script" command={planCommand(form)} />
      <Start form={form} answer={answer} onChange={onChange} />
    </>
  );
}

interface StartProps {
  readonly form: PlanForm;
  readonly answer: Schemas['PlanAnswer'];
  readonly onChange: (form: PlanForm) => void;
}

/** How it goes through the gateways, what that comes to, and the start. */
function Start({ form, answer, onChange }: StartProps) {
  const may = useMay();
  const key = useIdempotencyKey();
  const [, navigate] = useLocation();
  const [reason, setReason] = useState('');
  const { strategy, allowRemove, allowDowngrade } = form;
  const body = { requests: requestsOf(form), ...targetOf(form), strategy, allowRemove, allowDowngrade };
  const preview = useQuery({
    queryKey: ['campaign-preview', body],
    queryFn: ({ signal }) => answerOf(api.POST('/api/v1/campaigns/preview', { body, signal })),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  const start = useMutation({
    mutationFn: () =>
      answerOf(
        api.POST('/api/v1/campaigns', {
          body: {
            ...body,
            ...(preview.data === undefined ? {} : { id: preview.data.id }),
            ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
          },
          params: { header: { 'idempotency-key': key.next() } },
        }),
      ),
    onSuccess: ({ id }) => {
      key.used();
      navigate(campaignHref(id));
    },
  });
  const served = answer.gateways - answer.incompatible - answer.undecided;
  return (
    <Card title="How">
      <div className="stack">
        <Choices
          label="Strategy"
          options={presetNames}
          chosen={strategy}
          onChoose={(name) => onChange({ ...form, strategy: name })}
        />
        {preview.isPending ? (
          <Loading />
        ) : preview.error !== null ? (
          <Failure error={preview.error} retry={() => void preview.refetch()} />
        ) : (
          <CampaignForecast preview={preview.data} strategy={presets[strategy]} />
        )}
        <CopyCommand what="The same campaign for a script" command={campaignCommand(form)} />
        {may('operator') ? (
          <>
            <TextField className="field" value={reason} onChange={setReason} maxLength={500}>
              <Label>Why (for those who read it later)</Label>
              <Input />
            </TextField>
            {start.error !== null && <Failure error={start.error} />}
            <div className="actions">
              <PressButton
                kind="primary"
                isDisabled={served === 0 || preview.data === undefined || preview.isPlaceholderData}
                isBusy={start.isPending}
                onPress={() => start.mutate()}
              >
                Start the campaign
              </PressButton>
              {served === 0 && <span className="quiet">No gateway can be served.</span>}
            </div>
          </>
        ) : (
          <p className="quiet">Your role may plan, and not start.</p>
        )}
      </div>
    </Card>
  );
}
