import { api, ask } from '../app/api.ts';
import { useData } from '../app/data.ts';
import { useLive } from '../app/live.ts';
import { t } from '../app/text/index.ts';
import type { Claim as ClaimBody, ScreenProps } from '../app/types.ts';
import { Loading } from '../parts/loaded.tsx';
import { Page, Section } from '../parts/page.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { AnswerForPlayer } from './claim/answer.tsx';
import { ClaimFacts, NextStep } from './claim/claim-facts.tsx';
import { JudgedBy, JudgedCondition } from './claim/condition.tsx';
import { DecideButtons } from './claim/decide.tsx';
import { Decisions } from './claim/decisions.tsx';
import { Rewards } from './claim/rewards.tsx';
import { storyOf } from './claim/story.ts';

/** One claim, followed as it changes: what happened, what is next, and what to tell the player. */
export function Claim({ params: { claimId = '' } }: ScreenProps) {
  const url = `/api/event-claims/${encodeURIComponent(claimId)}/stream`;
  const live = useLive<ClaimBody>(url, isFinal);
  const { claim: texts } = t();
  const claim = live.data;
  return (
    <Page title={texts.title} actions={claim && <ClaimActions claim={claim} />}>
      {live.problem && <ProblemNote problem={live.problem} />}
      {claim && live.stale && !live.problem && (
        <p class="note warn" role="status">
          {texts.stale}
        </p>
      )}
      {!claim && !live.problem && <Loading />}
      {claim && <ClaimParts claim={claim} />}
    </Page>
  );
}

/** Whether nothing comes after this in a claim's stream. */
function isFinal({ forStaff }: ClaimBody): boolean {
  return forStaff?.next.what === 'NOTHING';
}

function ClaimActions({ claim }: { claim: ClaimBody }) {
  const { workflow } = claim.links;
  return (
    <>
      {workflow && (
        <a href={workflow} target="_blank" rel="noreferrer">
          {t().claim.run}
        </a>
      )}
      <DecideButtons claim={claim} />
    </>
  );
}

function ClaimParts({ claim }: { claim: ClaimBody }) {
  const { claim: texts } = t();
  const { eventId } = claim;
  const event = useData(eventId, (signal) =>
    ask(api.GET('/api/events/{eventId}', { params: { path: { eventId } }, signal })),
  ).data;
  const zone = event?.period.timeZone;
  return (
    <>
      <NextStep claim={claim} />
      <ClaimFacts claim={claim} zone={zone} />
      {event && <AnswerForPlayer claim={claim} title={event.title} zone={zone} />}
      <Section title={texts.story}>
        <Timeline items={storyOf(claim)} />
      </Section>
      <Rewards claim={claim} />
      <JudgedCondition claim={claim} zone={zone} />
      <JudgedBy claim={claim} zone={zone} />
      <Decisions claim={claim} />
    </>
  );
}
