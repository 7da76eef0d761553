import { useState } from 'preact/hooks';
import { announce } from '../../app/announce.ts';
import { api, ask, newKey } from '../../app/api.ts';
import { viewerZone } from '../../app/format.ts';
import { errorAt, type Problem } from '../../app/problem.ts';
import { go } from '../../app/router.ts';
import { t } from '../../app/text/index.ts';
import { Dialog, DialogActions } from '../../parts/dialog.tsx';
import { TextField } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { MomentField, ZoneChoice } from '../event-form/moment-field.tsx';
import type { GameEvent } from '../events/types.ts';

const MOMENTS = ['startsAt', 'endsAt', 'claimUntil'] as const;
type Moment = (typeof MOMENTS)[number];

/** Asks for a clone's own dates, makes it, and goes on to its form. */
export function CloneDialog({ event, onClose }: { event: GameEvent; onClose: () => void }) {
  const [isUnsaved, setUnsaved] = useState(false);
  return (
    <Dialog open title={t().event.cloneTitle} isUnsaved={isUnsaved} onClose={onClose}>
      <CloneForm event={event} onChange={() => setUnsaved(true)} onClose={onClose} />
    </Dialog>
  );
}

function CloneForm(props: { event: GameEvent; onChange: () => void; onClose: () => void }) {
  const { event, onChange, onClose } = props;
  const { event: texts, events } = t();
  const [key, setKey] = useState(newKey);
  const [values, setValues] = useState({
    title: event.title,
    startsAt: '',
    endsAt: '',
    claimUntil: '',
  });
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const submit = async (submitted: Event) => {
    submitted.preventDefault();
    if (isBusy) return;
    setBusy(true);
    const { claimUntil, ...body } = values;
    const sent = { ...body, ...(claimUntil && { claimUntil }) };
    const answer = await ask(
      api.POST('/api/events/{eventId}/clone', {
        params: { path: { eventId: event.eventId }, header: { 'Idempotency-Key': key } },
        body: sent,
      }),
    );
    setBusy(false);
    if (!answer.ok) return setProblem(answer.problem);
    announce(texts.cloned);
    go(`/console/events/${encodeURIComponent(answer.data.eventId)}/edit`, { isSaved: true });
  };
  const set = (name: keyof typeof values) => (value: string) => {
    setValues((before) => ({ ...before, [name]: value }));
    onChange();
    // Another body is another decision.
    setKey(newKey());
  };
  return (
    <form onSubmit={submit}>
      <p class="quiet">{texts.cloneHint}</p>
      <TextField
        label={events.fields.title}
        value={values.title}
        onInput={set('title')}
        error={errorAt(problem, '/title')}
        required
      />
      <Times eventZone={event.period.timeZone} values={values} set={set} problem={problem} />
      {problem && <ProblemNote problem={problem} />}
      <DialogActions action={texts.cloneAction} isBusy={isBusy} onCancel={onClose} />
    </form>
  );
}

/** A clone's own times. */
function Times(props: {
  eventZone: string;
  values: Record<Moment, string>;
  set: (name: Moment) => (value: string) => void;
  problem: Problem | undefined;
}) {
  const { eventZone, values, set, problem } = props;
  const { events } = t();
  const [zone, setZone] = useState(eventZone);
  return (
    <>
      <ZoneChoice eventZone={eventZone} zone={zone} onChange={setZone} />
      {MOMENTS.map((name) => (
        <MomentField
          key={name}
          label={events.fields[name]}
          value={values[name]}
          zone={zone}
          otherZone={zone === viewerZone ? eventZone : viewerZone}
          required={name !== 'claimUntil'}
          error={errorAt(problem, `/${name}`)}
          onInput={set(name)}
        />
      ))}
    </>
  );
}
