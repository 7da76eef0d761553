import type { Texts } from '../en/index.ts';

export const operations: Texts['operations'] = {
  title: '일괄 작업',
};
