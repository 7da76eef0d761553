import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Claim } from '../../app/types.ts';
import { playerAnswer } from './player-answer.ts';

const AT = '2026-11-26T10:00:00.000Z';

function claimThat(changes: Partial<Claim>): Claim {
  const line = { lineId: 'cape-internal', kind: 'ITEM', name: '서리 망토', quantity: 2 } as const;
  return {
    claimId: 'clm_1',
    eventId: 'evt_1',
    userId: 'usr_1',
    idempotencyKey: 'key',
    periodKey: '2026-11-26',
    state: 'GRANTED',
    reason: null,
    lines: [{ ...line, state: 'GRANTED', grantedAt: AT }],
    steps: [],
    version: 1,
    acceptedAt: AT,
    createdAt: AT,
    updatedAt: AT,
    links: { self: '', stream: '' },
    ...changes,
  };
}

it('a granted claim is answered with what was delivered and when, in the event’s zone', () => {
  const ko = playerAnswer(claimThat({}), '눈꽃 축제', 'Asia/Seoul', 'ko');
  assert.match(
    ko,
    /‘눈꽃 축제’ 이벤트 보상이 2026년 11월 26일 19:00.*에 지급되었습니다: 서리 망토 ×2/,
  );
  const en = playerAnswer(claimThat({}), 'Snow festival', 'Asia/Seoul', 'en');
  assert.match(en, /“Snow festival” was delivered on November 26, 2026.*19:00/);
});

it('a refused claim is answered with the reason in words', () => {
  const refused = claimThat({ state: 'REJECTED', reason: 'SOLD_OUT' });
  assert.match(playerAnswer(refused, 'Snow', 'UTC', 'en'), /none left of the reward/);
  assert.match(playerAnswer(refused, 'Snow', 'UTC', 'ko'), /수량이 모두 소진/);
});

it('a parked claim is answered without what it is parked for', () => {
  const parked = claimThat({ state: 'NEEDS_ATTENTION', reason: 'FULFILLMENT_UNKNOWN' });
  for (const language of ['ko', 'en'] as const) {
    const text = playerAnswer(parked, 'Snow', 'UTC', language);
    assert.doesNotMatch(text, /FULFILLMENT|provider|지급처|cape-internal|usr_1|park|보류/i);
  }
});
