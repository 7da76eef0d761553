import type { Texts } from '../en/index.ts';

export const operation: Texts['operation'] = {
  title: '일괄 작업',
};
