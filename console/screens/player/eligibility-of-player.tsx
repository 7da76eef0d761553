import { useState } from 'preact/hooks';
import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import { go, hrefWith, query } from '../../app/router.ts';
import { t, wordFor } from '../../app/text/index.ts';
import type { Eligibility, User } from '../../app/types.ts';
import { Badge } from '../../parts/badge.tsx';
import { ConditionTree } from '../../parts/condition-tree.tsx';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { SelectField, TextField } from '../../parts/field.tsx';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { Time } from '../../parts/time.tsx';

/** The events that can be chosen; others by their ID. */
const LISTED = 200;

/** Whether the player may claim an event now, and why not. The event is in the address. */
export function EligibilityOfPlayer({ user: { id: userId, status } }: { user: User }) {
  const { player } = t();
  const eventId = query.value.get('event') ?? '';
  const answer = useData(eventId ? `${eventId} ${userId} ${status}` : null, (signal) =>
    ask(
      api.GET('/api/events/{eventId}/eligibility', {
        params: { path: { eventId }, query: { userId } },
        signal,
      }),
    ),
  );
  return (
    <Section title={player.eligibility}>
      <EventChoice eventId={eventId} />
      {eventId && (
        <div aria-live="polite">
          <LoadedPart of={answer}>{(found) => <Verdict found={found} />}</LoadedPart>
        </div>
      )}
    </Section>
  );
}

function EventChoice({ eventId }: { eventId: string }) {
  const { player, words } = t();
  const events = useData('events', (signal) =>
    ask(api.GET('/api/events', { params: { query: { limit: LISTED } }, signal })),
  ).data;
  const choose = (chosen: string) => go(hrefWith({ event: chosen }));
  const options = (events?.items ?? []).map(
    ({ eventId: id, title, status }) =>
      [id, `${title} (${wordFor(words.eventStatus, status)})`] as const,
  );
  const isOther = eventId !== '' && !options.some(([id]) => id === eventId);
  return (
    <div class="filter-grid">
      <SelectField
        label={player.event}
        value={eventId}
        onInput={choose}
        options={[
          ['', player.chooseEvent],
          ...(isOther ? [[eventId, eventId] as const] : []),
          ...options,
        ]}
      />
      {events?.nextCursor && <OtherEvent onChosen={choose} />}
    </div>
  );
}

function OtherEvent({ onChosen }: { onChosen: (eventId: string) => void }) {
  const { player } = t();
  const [typed, setTyped] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim()) onChosen(typed.trim());
      }}
    >
      <TextField label={player.otherEvent} value={typed} onInput={setTyped} autocomplete="off" />
      <div class="actions">
        <button type="submit">{player.ask}</button>
      </div>
    </form>
  );
}

function Verdict({ found }: { found: Eligibility }) {
  const { player, words } = t();
  const { reasons, condition, period, window, rewards } = found;
  const left = rewards.map(
    ({ rewardId, available }) =>
      `${rewardId}: ${available === null ? t().claim.unlimited : number(available)}`,
  );
  return (
    <div class="stack">
      <p>
        <EligibleBadge eligible={found.eligible} />
      </p>
      <DefinitionList
        rows={[
          [
            player.because,
            reasons.length > 0 && reasons.map((reason) => wordFor(words.reason, reason)).join(', '),
          ],
          [player.saidFor, <Time key="at" at={found.at} isExact />],
          [player.period, <code key="period">{period.key}</code>],
          [player.untilNext, period.endsAt && <Time key="next" at={period.endsAt} />],
          [player.claimableUntil, <Time key="until" at={window.claimableUntil} />],
          [player.left, left.join(', ')],
        ]}
      />
      {condition ? (
        <ConditionTree condition={condition} />
      ) : (
        <p class="quiet">{player.noCondition}</p>
      )}
    </div>
  );
}

function EligibleBadge({ eligible }: { eligible: boolean | null }) {
  const { player } = t();
  if (eligible === null) return <Badge tone="wait">{player.notKnown}</Badge>;
  return eligible ? (
    <Badge tone="good">{player.eligible}</Badge>
  ) : (
    <Badge tone="bad">{player.notEligible}</Badge>
  );
}
