import { useState } from 'preact/hooks';
import { announce } from '../app/announce.ts';
import { api, ask, newKey } from '../app/api.ts';
import { useData } from '../app/data.ts';
import { viewerZone } from '../app/format.ts';
import type { Problem } from '../app/problem.ts';
import { go } from '../app/router.ts';
import { t } from '../app/text/index.ts';
import type { ScreenProps } from '../app/types.ts';
import { useUnsaved } from '../app/unsaved.ts';
import { LoadedPart } from '../parts/loaded.tsx';
import { Page } from '../parts/page.tsx';
import { patchOf, same } from './event-form/changes.ts';
import { Conflict } from './event-form/conflict.tsx';
import { FieldsForm } from './event-form/form.tsx';
import { comparable, emptyValues, fieldsOf, valuesOf } from './event-form/form-values.ts';
import type { EventFields, EventPatch, GameEvent, NewEvent } from './events/types.ts';

/** Writes a new event, or changes one. */
export function EventForm({ params: { eventId } }: ScreenProps) {
  return eventId === undefined ? <NewEventForm /> : <EditLoader eventId={eventId} />;
}

const addressOf = (eventId: string) => `/console/events/${encodeURIComponent(eventId)}`;

function NewEventForm() {
  const { eventForm } = t();
  const [empty] = useState(() => emptyValues(viewerZone));
  const [values, setValues] = useState(empty);
  useUnsaved(!same(fieldsOf(values), fieldsOf(empty)));
  const [key, setKey] = useState(newKey);
  const [problem, setProblem] = useState<Problem>();
  const create = async () => {
    const body = fieldsOf(values) as NewEvent;
    const params = { header: { 'Idempotency-Key': key } };
    const answer = await ask(api.POST('/api/events', { body, params }));
    if (answer.ok) {
      announce(eventForm.created);
      return go(addressOf(answer.data.eventId), { isSaved: true });
    }
    setProblem(answer.problem);
    // What was refused is changed before it is sent again; without an answer it is the same.
    if (answer.problem.status > 0) setKey(newKey());
  };
  return (
    <Page title={eventForm.newTitle}>
      <FieldsForm
        values={values}
        onChange={setValues}
        problem={problem}
        action={eventForm.create}
        cancelHref="/console/events"
        onSubmit={create}
      />
    </Page>
  );
}

function EditLoader({ eventId }: { eventId: string }) {
  const { eventForm } = t();
  const event = useData(eventId, (signal) => readEvent(eventId, signal));
  return (
    <Page title={event.data ? eventForm.editTitle(event.data.event.title) : eventForm.title}>
      <LoadedPart of={event}>
        {(loaded) => <EditForm key={loaded.event.eventId} loaded={loaded} />}
      </LoadedPart>
    </Page>
  );
}

/** An event as it was read, with what `If-Match` names it by. */
interface Version {
  event: GameEvent;
  etag: string;
}

async function readEvent(eventId: string, signal?: AbortSignal) {
  const answer = await ask(
    api.GET('/api/events/{eventId}', {
      params: { path: { eventId } },
      cache: 'no-store',
      ...(signal && { signal }),
    }),
  );
  if (!answer.ok) return answer;
  const version: Version = {
    event: answer.data,
    etag: answer.response.headers.get('etag') ?? `"${answer.data.version}"`,
  };
  return { ...answer, data: version };
}

/** What somebody else saved meanwhile, and what is to be saved here. */
interface Clash {
  theirs: Version;
  mine: EventFields;
}

async function saveChanges({ event: { eventId }, etag }: Version, body: EventPatch) {
  const params = { path: { eventId }, header: { 'If-Match': etag } };
  return await ask(api.PATCH('/api/events/{eventId}', { params, body }));
}

function EditForm({ loaded }: { loaded: Version }) {
  const { eventForm } = t();
  // The version that the form began with: later loads must not change what is being typed.
  const [base, setBase] = useState(loaded);
  const [values, setValues] = useState(() => valuesOf(loaded.event));
  const [problem, setProblem] = useState<Problem>();
  const [clash, setClash] = useState<Clash>();
  const { eventId } = base.event;
  useUnsaved(clash !== undefined || !same(fieldsOf(values), comparable(base.event)));

  const left = (message: string) => {
    announce(message);
    go(addressOf(eventId), { isSaved: true });
  };
  const save = async (mine: EventFields, on: Version) => {
    const body = patchOf(comparable(on.event), mine);
    if (Object.keys(body).length === 0) return left(eventForm.nothingChanged);
    const answer = await saveChanges(on, body);
    if (answer.ok) return left(eventForm.saved);
    if (answer.problem.status !== 412) return setProblem(answer.problem);
    const now = await readEvent(eventId);
    if (!now.ok) return setProblem(now.problem);
    setBase(on);
    setClash({ theirs: now.data, mine });
  };
  /** Goes on with their version and what was picked of mine. */
  const settle = (fields: EventFields, theirs: Version) => {
    setBase(theirs);
    setValues(valuesOf(fields));
    setProblem(undefined);
    setClash(undefined);
  };

  if (clash) {
    const { theirs, mine } = clash;
    return (
      <Conflict
        key={theirs.etag}
        base={comparable(base.event)}
        mine={mine}
        theirs={comparable(theirs.event)}
        onSave={async (fields) => {
          settle(fields, theirs);
          await save(fields, theirs);
        }}
        onEdit={(fields) => settle(fields, theirs)}
      />
    );
  }
  return (
    <FieldsForm
      values={values}
      onChange={setValues}
      problem={problem}
      action={eventForm.save}
      cancelHref={addressOf(eventId)}
      onSubmit={() => save(fieldsOf(values), base)}
    />
  );
}
