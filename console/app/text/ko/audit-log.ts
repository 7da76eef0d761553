import type { Texts } from '../en/index.ts';

export const auditLog: Texts['auditLog'] = {
  title: '감사 로그',
};
