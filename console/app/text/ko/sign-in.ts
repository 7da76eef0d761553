import type { Texts } from '../en/index.ts';

export const signIn: Texts['signIn'] = {
  title: '로그인',
  ended: '세션이 만료되었습니다. 다시 로그인하면 보던 화면으로 돌아갑니다.',
  username: '사용자 이름',
  password: '비밀번호',
  submit: '로그인',
  wrong: '사용자 이름 또는 비밀번호가 올바르지 않습니다.',
};
