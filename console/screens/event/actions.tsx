import { useState } from 'preact/hooks';
import { announce } from '../../app/announce.ts';
import { api, ask } from '../../app/api.ts';
import type { Problem } from '../../app/problem.ts';
import { go } from '../../app/router.ts';
import { can } from '../../app/session.ts';
import { t } from '../../app/text/index.ts';
import { Confirm } from '../../parts/confirm.tsx';
import type { EventStatus, GameEvent } from '../events/types.ts';
import { CloneDialog } from './clone-dialog.tsx';

type Verb = 'pause' | 'resume' | 'open' | 'end' | 'remove';

/** What may be done with an event of a status, the most likely first. */
const VERBS: Record<EventStatus, readonly Verb[]> = {
  DRAFT: ['open', 'remove'],
  ACTIVE: ['pause', 'end'],
  PAUSED: ['resume', 'end'],
  ENDED: [],
};

/** The status that a verb leads to. */
const LEADS_TO = { pause: 'PAUSED', resume: 'ACTIVE', open: 'ACTIVE', end: 'ENDED' } as const;

/** What cannot be taken back. */
const FINAL: readonly Verb[] = ['end', 'remove'];

/** What an operator does with one event. */
export function EventActions({ event, reload }: { event: GameEvent; reload: () => void }) {
  const { event: texts } = t();
  const [asked, setAsked] = useState<Verb | 'clone'>();
  if (!can('OPERATOR', 'ADMIN')) return null;
  const close = () => setAsked(undefined);
  return (
    <>
      {VERBS[event.status].map((verb) => (
        <button
          key={verb}
          type="button"
          class={FINAL.includes(verb) ? 'danger' : 'primary'}
          onClick={() => setAsked(verb)}
        >
          {texts[verb]}
        </button>
      ))}
      <a class="button" href={`/console/events/${encodeURIComponent(event.eventId)}/edit`}>
        {texts.edit}
      </a>
      <button type="button" onClick={() => setAsked('clone')}>
        {texts.clone}
      </button>
      {asked === 'clone' && <CloneDialog event={event} onClose={close} />}
      {asked && asked !== 'clone' && (
        <AskFirst key={asked} verb={asked} event={event} reload={reload} onClose={close} />
      )}
    </>
  );
}

interface AskFirstProps {
  verb: Verb;
  event: GameEvent;
  reload: () => void;
  onClose: () => void;
}

function AskFirst({ verb, event, reload, onClose }: AskFirstProps) {
  const { event: texts } = t();
  const texted = texts.ask[verb];
  const confirm = async () => {
    const problem = await doIt(verb, event.eventId);
    if (problem) return problem;
    announce(texted.done);
    if (verb === 'remove') go('/console/events');
    else reload();
    return undefined;
  };
  return (
    <Confirm
      open
      title={texted.title}
      action={texted.action}
      isDanger={FINAL.includes(verb)}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        <strong>{event.title}</strong>
      </p>
      <p>{texts.hint[verb]}</p>
    </Confirm>
  );
}

/** Without `If-Match`: pausing must work while somebody else edits the event. */
async function doIt(verb: Verb, eventId: string): Promise<Problem | undefined> {
  const params = { path: { eventId } };
  const answer =
    verb === 'remove'
      ? await ask(api.DELETE('/api/events/{eventId}', { params }))
      : await ask(api.PATCH('/api/events/{eventId}', { params, body: { status: LEADS_TO[verb] } }));
  return answer.ok ? undefined : answer.problem;
}
