import type { Texts } from '../en/index.ts';

export const operation: Texts['operation'] = {
  title: '일괄 작업',
  progressTitle: '진행 상황',
  progressLabel: '진행률',
  progress: (done, total) => `${total}건 중 ${done}건 처리`,
  failed: (count) => `미적용 ${count}건`,
  said: {
    RUNNING: (done, failed) =>
      `진행 중입니다. 페이지를 벗어나도 계속 실행됩니다. 처리 ${done}건, 미적용 ${failed}건.`,
    STOPPED: (done, failed) =>
      `중지되었습니다. 이미 처리한 건은 그대로 유지됩니다. 처리 ${done}건, 미적용 ${failed}건.`,
    DONE: (done, failed) => `완료되었습니다. 처리 ${done}건, 미적용 ${failed}건.`,
  },
  erasing: {
    RUNNING: '진행 중입니다. 이 사용자의 진행 중인 지급 요청이 모두 끝나면 완료됩니다.',
    STOPPED: '중지되었습니다.',
    DONE: '완료되었습니다. 개인정보가 삭제되었습니다.',
  },
  user: '사용자',
  toClaims: '현재 대상이 되는 보류 건',
  toAudit: '이 작업의 감사 로그',
  facts: '요청 내용',
  id: '작업 ID',
  action: '처리',
  filter: '대상',
  allParked: '모든 보류 건',
  provider: '지급처',
  parkedBefore: '보류 시점 (이전)',
  total: '시작 시점의 대상',
  by: '요청자',
  note: '메모',
  created: '시작',
  updated: '마지막 변경',
  stop: '중지…',
  stopTitle: '일괄 작업 중지',
  stopConfirm: '작업 중지',
  stopHint: '남은 요청은 처리하지 않습니다. 이미 처리한 건은 그대로 유지됩니다.',
  stopped: '작업을 중지했습니다.',
};
