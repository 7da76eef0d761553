import type { Texts } from '../en/index.ts';

export const search: Texts['search'] = {
  title: '검색',
  field: '검색어',
  results: '검색 결과',
  kind: '구분',
  name: '이름 또는 ID',
  detail: '상세',
  player: '사용자',
  claim: '지급 요청',
  event: '이벤트',
  operation: '일괄 작업',
  start: '사용자 이름 앞부분, 전체 ID 또는 멱등성 키를 입력하세요.',
  empty: (text) =>
    `‘${text}’에 대한 검색 결과가 없습니다. 사용자 이름은 앞부분만으로 찾을 수 있고, ID와 키는 전체를 입력해야 합니다.`,
  more: '같은 이름으로 시작하는 사용자가 더 있습니다. 이름을 더 입력하세요.',
};
