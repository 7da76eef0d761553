/** What a player is told about a claim. It is written in their language, not in the viewer's. */
import type { Language } from '../../app/preferences.ts';
import { claim as en } from '../../app/text/en/claim.ts';
import { claim as ko } from '../../app/text/ko/claim.ts';
import type { Claim } from '../../app/types.ts';

/**
 * An answer made of the claim's state and reason, without anything internal.
 * @param title the event's title
 * @param zone the zone of its times: the event's
 */
export function playerAnswer(
  claim: Claim,
  title: string,
  zone: string,
  language: Language,
): string {
  const { answer } = language === 'ko' ? ko : en;
  const grantedAt = claim.lines.find((line) => line.grantedAt)?.grantedAt ?? claim.updatedAt;
  const values = {
    event: title,
    rewards: rewardsOf(claim, language),
    claimedAt: moment(claim.acceptedAt, zone, language),
    grantedAt: moment(grantedAt, zone, language),
  };
  const about = answer[textFor(claim)](values);
  const isRefused = claim.state === 'REJECTED' || claim.state === 'FAILED';
  const because = isRefused && claim.reason ? ` ${answer.because[claim.reason]}` : '';
  return [answer.hello, `${about}${because}`, answer.reference(claim.claimId)].join('\n\n');
}

function textFor({
  state,
  reason,
}: Claim): 'granted' | 'running' | 'parked' | 'undone' | 'refused' {
  switch (state) {
    case 'GRANTED':
      return 'granted';
    case 'REJECTED':
    case 'FAILED':
      return 'refused';
    case 'COMPENSATING':
      return 'undone';
    case 'NEEDS_ATTENTION':
      return reason === 'COMPENSATION_FAILED' ? 'undone' : 'parked';
    default:
      return 'running';
  }
}

function rewardsOf({ lines }: Claim, language: Language): string {
  const amount = new Intl.NumberFormat(language);
  const each = lines.map(({ name, quantity }) =>
    quantity === 1 ? name : `${name} ×${amount.format(quantity)}`,
  );
  return each.join(', ');
}

function moment(iso: string, zone: string, language: Language): string {
  const format = new Intl.DateTimeFormat(language, {
    timeZone: zone,
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  return format.format(new Date(iso));
}
