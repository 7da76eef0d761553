import type { Texts } from '../en/index.ts';

export const operations: Texts['operations'] = {
  title: '일괄 작업',
  list: '일괄 작업 (최신순)',
  operation: '작업',
  action: '처리',
  state: '상태',
  progress: '진행률',
  filter: '대상',
  by: '요청자',
  created: '시작',
  empty: '이 상태의 일괄 작업이 없습니다.',
  emptyAll: '아직 실행한 일괄 작업이 없습니다.',
  toParked: '보류 건 보기',
};
