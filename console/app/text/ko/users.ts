import type { Texts } from '../en/index.ts';

export const users: Texts['users'] = {
  title: '사용자와 권한',
  list: '사용자',
  query: '사용자 이름 앞부분 또는 전체 ID',
  username: '사용자 이름',
  displayName: '표시 이름',
  role: '역할',
  status: '상태',
  created: '가입',
  change: '변경',
  changeButton: '변경…',
  changeOf: (name) => `${name}의 역할·상태 변경`,
  changeTitle: (name) => `${name}의 역할과 상태`,
  confirm: '역할과 상태 저장',
  confirmLeaving: '로그인 해제 후 상태 변경',
  hint: '변경하면 사용자의 로그인이 모두 해제되어 다시 로그인해야 합니다.',
  leavingHint: '사용자의 로그인이 즉시 모두 해제되고, 진행 중인 지급 요청이 중지됩니다.',
  changed: (name) => `${name}의 정보를 변경했습니다.`,
  empty: '이 페이지에 조건에 맞는 사용자가 없습니다. 필터를 줄이거나 다음 페이지를 확인해 보세요.',
  emptyAll: '아직 사용자가 없습니다.',
};
