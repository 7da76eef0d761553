import { number } from '../../app/format.ts';
import { t } from '../../app/text/index.ts';
import type { Claim, ClaimForStaff } from '../../app/types.ts';
import { ConditionTree, PlainConditionTree } from '../../parts/condition-tree.tsx';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { Section } from '../../parts/page.tsx';
import { Time } from '../../parts/time.tsx';

interface Props {
  claim: Claim;
  /** The event's. */
  zone: string | undefined;
}

/** The condition with the player's numbers where it was not met, and as it is written otherwise. */
export function JudgedCondition({ claim, zone }: Props) {
  const { claim: texts } = t();
  const { explanation, forStaff, steps } = claim;
  const written = forStaff?.judgedBy.condition ?? null;
  const isMet = steps.some(({ step, outcome }) => step === 'S2_CONDITIONS' && outcome === 'OK');
  return (
    <Section title={texts.condition}>
      {explanation?.condition ? (
        <>
          <p>
            {texts.judgedFor} <Time at={explanation.judgedFor} zone={zone} isExact />
          </p>
          <ConditionTree condition={explanation.condition} />
        </>
      ) : written ? (
        <>
          <p class="quiet">{isMet ? texts.conditionMet : texts.conditionOpen}</p>
          <PlainConditionTree condition={written} />
        </>
      ) : (
        <p class="quiet">{texts.noCondition}</p>
      )}
    </Section>
  );
}

/** The event's values when the claim was accepted. */
export function JudgedBy({ claim, zone }: Props) {
  const { claim: texts, claims } = t();
  const { forStaff, periodKey } = claim;
  if (!forStaff) return null;
  const { eventVersion, provider, window, parkedAfter } = forStaff.judgedBy;
  return (
    <Section title={texts.judgedBy}>
      <p class="quiet">{texts.judgedByHint}</p>
      <DefinitionList
        rows={[
          [texts.eventVersion, number(eventVersion)],
          [claims.provider, provider],
          [texts.period, <code key="period">{periodKey}</code>],
          [texts.playWindow, <Time key="from" at={window.startsAt} zone={zone} />],
          [texts.playUntil, <Time key="until" at={window.endsAt} zone={zone} />],
          [texts.claimableUntil, <Time key="claims" at={window.claimableUntil} zone={zone} />],
          [texts.parkedAfter, policyText(parkedAfter)],
        ]}
      />
    </Section>
  );
}

function policyText({ action, hours }: ClaimForStaff['judgedBy']['parkedAfter']): string {
  const { claim } = t();
  if (action === 'WAIT') return claim.parkedAfterWait;
  return action === 'RETRY'
    ? claim.parkedAfterRetry(number(hours))
    : claim.parkedAfterAbort(number(hours));
}
