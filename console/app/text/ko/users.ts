import type { Texts } from '../en/index.ts';

export const users: Texts['users'] = {
  title: '사용자와 권한',
};
