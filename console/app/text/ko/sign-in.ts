import type { Texts } from '../en/index.ts';

export const signIn: Texts['signIn'] = {
  title: '로그인',
  ended: '세션이 만료되었습니다. 다시 로그인하면 보던 화면으로 돌아갑니다.',
  username: '사용자 이름',
  password: '비밀번호',
  submit: '로그인',
  wrong: '사용자 이름 또는 비밀번호가 올바르지 않습니다.',
  plainHttp: '암호화되지 않은 연결입니다. 이렇게는 이 컴퓨터에서만 로그인할 수 있습니다.',
  by: (provider) => `${provider} 계정으로 로그인`,
  failed: {
    unauthenticated: '로그인하지 못했거나 시간이 초과되었습니다. 다시 시도해 주세요.',
    forbidden: '이 계정에는 콘솔 권한이 없습니다. 관리자에게 문의해 주세요.',
    user_not_active: '이 계정은 여기서 정지되어 있습니다. 관리자에게 문의해 주세요.',
    rate_limited: '시도 횟수가 너무 많습니다. 1분 뒤에 다시 시도해 주세요.',
    unavailable: '로그인 제공자에 연결할 수 없습니다. 1분 뒤에 다시 시도해 주세요.',
  },
};
