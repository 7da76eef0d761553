import type { Texts } from '../en/index.ts';

export const shell: Texts['shell'] = {
  apiBack: 'API 연결이 복구되었습니다.',
  apiLost:
    'API가 응답하지 않습니다. 표시된 내용이 최신이 아닐 수 있으며, 복구되면 자동으로 갱신됩니다.',
  language: '언어',
  languages: { ko: '한국어', en: 'English' },
  mainNavigation: '주 메뉴',
  menu: '메뉴',
  notStaff: '운영진 전용 콘솔입니다. 관리자에게 권한을 요청해 주세요.',
  openSearch: '검색',
  scheme: '화면 테마',
  schemes: { auto: '시스템', light: '밝게', dark: '어둡게' },
  searchHint: '사용자 이름 앞부분, 각종 ID, 멱등성 키, 외부 ID',
  searchTitle: '검색',
  signedInAs: (name, role) => `${name} · ${role}`,
  signOut: '로그아웃',
  skip: '본문으로 건너뛰기',
  account: '계정과 화면 설정',
  unsaved: {
    title: '저장하지 않은 내용이 있습니다',
    text: '지금 나가면 입력한 내용이 사라집니다.',
    stay: '계속 작성',
    leave: '저장하지 않고 나가기',
  },
};
