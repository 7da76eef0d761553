import { useState } from 'preact/hooks';
import { viewerZone } from '../../app/format.ts';
import { errorAt, type Problem } from '../../app/problem.ts';
import { providerNames } from '../../app/providers.ts';
import { t } from '../../app/text/index.ts';
import { LongTextField, SelectField, TextField } from '../../parts/field.tsx';
import { Section } from '../../parts/page.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { ConditionFields } from './condition-fields.tsx';
import type { FormValues, PartProps } from './form-values.ts';
import { MomentField, ZoneChoice } from './moment-field.tsx';
import { RewardFields } from './reward-fields.tsx';
import { isZone } from './zoned-time.ts';

type Change = (values: FormValues) => void;

interface FieldsFormProps {
  values: FormValues;
  onChange: Change;
  problem: Problem | undefined;
  /** The button's text. */
  action: string;
  cancelHref: string;
  onSubmit: () => Promise<unknown>;
}

/** Every field of an event. The API says what is wrong, each error at its field. */
export function FieldsForm(props: FieldsFormProps) {
  const { values, onChange, problem, action, cancelHref, onSubmit } = props;
  const { common, eventForm } = t();
  const [isBusy, setBusy] = useState(false);
  const part: PartProps = { values, problem, set: (change) => onChange({ ...values, ...change }) };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    await onSubmit();
    setBusy(false);
  };
  return (
    <form class="event-form" onSubmit={submit} noValidate>
      <p class="quiet">{eventForm.fixed}</p>
      <WhatAndWhen {...part} />
      <WhoMay {...part} />
      <WhatIsGiven {...part} />
      {problem && <ProblemNote problem={problem} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? eventForm.saving : action}
        </button>
        <a href={cancelHref}>{common.cancel}</a>
      </div>
    </form>
  );
}

function WhatAndWhen({ values, set, problem }: PartProps) {
  const { eventForm, events } = t();
  const [typedIn, setTypedIn] = useState<'event' | 'viewer'>('event');
  const eventZone = isZone(values.timeZone) ? values.timeZone : viewerZone;
  const zone = typedIn === 'event' ? eventZone : viewerZone;
  const moment = (name: 'startsAt' | 'endsAt' | 'claimUntil' | 'listedFrom', hint?: string) => (
    <MomentField
      label={events.fields[name]}
      value={values[name]}
      zone={zone}
      otherZone={zone === eventZone ? viewerZone : eventZone}
      {...(hint && { hint })}
      error={errorAt(problem, `/${name}`)}
      onInput={(value) => set({ [name]: value })}
    />
  );
  return (
    <Section title={eventForm.whatAndWhen}>
      <TextField
        label={events.fields.title}
        value={values.title}
        error={errorAt(problem, '/title')}
        onInput={(title) => set({ title })}
      />
      <LongTextField
        label={events.fields.description}
        value={values.description}
        error={errorAt(problem, '/description')}
        onInput={(description) => set({ description })}
      />
      <div class="filter-grid">
        <PeriodFields values={values} set={set} problem={problem} />
      </div>
      <ZoneChoice
        eventZone={eventZone}
        zone={zone}
        onChange={(chosen) => setTypedIn(chosen === eventZone ? 'event' : 'viewer')}
      />
      <div class="filter-grid">
        {moment('startsAt')}
        {moment('endsAt')}
        {moment('claimUntil', eventForm.claimUntilHint)}
        {moment('listedFrom', eventForm.listedFromHint)}
      </div>
    </Section>
  );
}

function PeriodFields({ values, set, problem }: PartProps) {
  const { eventForm, events } = t();
  return (
    <>
      <SelectField
        label={events.fields.period}
        value={values.periodKind}
        error={errorAt(problem, '/period/kind') ?? errorAt(problem, '/period')}
        options={Object.entries(events.periodKind)}
        onInput={(kind) => set({ periodKind: kind as FormValues['periodKind'] })}
      />
      <TextField
        label={events.parts.timeZone}
        value={values.timeZone}
        hint={eventForm.zoneHint}
        autocomplete="off"
        error={errorAt(problem, '/period/timeZone')}
        onInput={(timeZone) => set({ timeZone })}
      />
      {values.periodKind !== 'ONCE' && (
        <TextField
          label={eventForm.resetTime}
          type="time"
          value={values.resetTime}
          error={errorAt(problem, '/period/resetHour') ?? errorAt(problem, '/period/resetMinute')}
          onInput={(resetTime) => set({ resetTime })}
        />
      )}
      {values.periodKind === 'WEEKLY' && (
        <SelectField
          label={events.parts.resetDay}
          value={values.resetDay}
          error={errorAt(problem, '/period/resetDay')}
          options={Object.entries(events.weekday)}
          onInput={(day) => set({ resetDay: day as FormValues['resetDay'] })}
        />
      )}
    </>
  );
}

function WhoMay({ values, set, problem }: PartProps) {
  const { eventForm, events } = t();
  const field = (name: 'claimsPerPeriod' | 'claimsTotal' | 'exclusiveGroup', hint?: string) => (
    <TextField
      label={events.fields[name]}
      value={values[name]}
      hint={hint}
      autocomplete="off"
      {...(name !== 'exclusiveGroup' && { inputMode: 'numeric' as const })}
      error={errorAt(problem, `/${name}`)}
      onInput={(value) => set({ [name]: value })}
    />
  );
  return (
    <Section title={eventForm.whoMay}>
      <div class="filter-grid">
        {field('claimsPerPeriod')}
        {field('claimsTotal', eventForm.claimsTotalHint)}
        {field('exclusiveGroup', eventForm.exclusiveGroupHint)}
      </div>
      <ConditionFields
        condition={values.condition}
        problem={problem}
        onChange={(condition) => set({ condition })}
      />
    </Section>
  );
}

function WhatIsGiven({ values, set, problem }: PartProps) {
  const { eventForm, events } = t();
  const names = providerNames();
  return (
    <Section title={eventForm.whatIsGiven}>
      <RewardFields values={values} set={set} problem={problem} />
      <div class="filter-grid">
        <SelectField
          label={events.fields.rewardSelection}
          value={values.rewardSelection}
          error={errorAt(problem, '/rewardSelection')}
          options={Object.entries(events.rewardSelection)}
          onInput={(value) => set({ rewardSelection: value as FormValues['rewardSelection'] })}
        />
        <SelectField
          label={events.fields.fulfillment}
          value={values.provider}
          error={errorAt(problem, '/fulfillment/provider') ?? errorAt(problem, '/fulfillment')}
          options={[...new Set(['mailbox', ...names, values.provider])].map((name) => [name, name])}
          onInput={(provider) => set({ provider })}
        />
        <SelectField
          label={eventForm.parkedAction}
          value={values.parkedAction}
          error={errorAt(problem, '/parkedAfter/action') ?? errorAt(problem, '/parkedAfter')}
          options={Object.entries(events.parkedAction)}
          onInput={(value) => set({ parkedAction: value as FormValues['parkedAction'] })}
        />
        {values.parkedAction !== 'WAIT' && (
          <TextField
            label={eventForm.parkedHours}
            value={values.parkedHours}
            inputMode="numeric"
            error={errorAt(problem, '/parkedAfter/hours')}
            onInput={(parkedHours) => set({ parkedHours })}
          />
        )}
      </div>
    </Section>
  );
}
