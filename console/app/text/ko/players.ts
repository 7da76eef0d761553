import type { Texts } from '../en/index.ts';

export const players: Texts['players'] = {
  title: '플레이어',
  query: '이름 또는 ID',
  username: '사용자 이름',
  displayName: '표시 이름',
  role: '역할',
  status: '상태',
  created: '가입',
  list: '사용자 목록',
  empty:
    '조건에 맞는 사용자가 없습니다. 이름은 앞부분만으로 찾을 수 있고, ID는 전체를 입력해야 합니다.',
  emptyAll: '아직 가입한 사용자가 없습니다. 가입하면 여기에 표시됩니다.',
};
