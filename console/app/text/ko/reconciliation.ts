import type { Texts } from '../en/index.ts';

export const reconciliation: Texts['reconciliation'] = {
  title: '정합성 점검',
  addsUp: '모든 수량이 일치합니다.',
  addsUpHint: '표시된 모든 보상의 재고가 일치하고, 마지막 점검에서도 불일치가 없었습니다.',
  addsUpNot: '일치하지 않는 수량이 있습니다.',
  addsUpNotHint:
    '해당 이벤트를 일시 중지한 뒤 런북의 “Stock does not add up” 항목에 따라 조치해 주세요.',
  rewards: '보상별 재고',
  invariant: '재고 = 잔여 + 확보 + 지급. 최근 이벤트 500개의 한정 보상을 표시합니다.',
  noRewards: '수량이 한정된 보상이 아직 없습니다.',
  broken: '재고가 일치하지 않는 보상',
  whole: (count) => `재고가 일치하는 보상 ${count}개`,
  event: '이벤트',
  reward: '보상',
  stock: '재고',
  available: '잔여',
  held: '확보',
  granted: '지급',
  result: '일치 여부',
  holds: '일치',
  holdsNot: '불일치',
  runs: '최근 점검',
  noRuns:
    '최근 일주일 동안 점검 기록이 없습니다. 런북의 “Reconciliation does not run” 항목을 확인해 주세요.',
  startedAt: '시작',
  took: '소요 시간',
  mended: '바로잡은 항목',
  failures: '처리 실패',
  unbalanced: '불일치',
  mendedText: {
    runsStarted: (count) => `실행되지 않은 요청 시작 ${count}건`,
    decisionsSent: (count) => `결정 전달 ${count}건`,
    claimsStopped: (count) => `요청 중지 ${count}건`,
    parkingsExpired: (count) => `보류 기한 만료 ${count}건`,
    holdsFreed: (count) => `확보 재고 반환 ${count}건`,
  },
};
