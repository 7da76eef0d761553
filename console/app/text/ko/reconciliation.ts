import type { Texts } from '../en/index.ts';

export const reconciliation: Texts['reconciliation'] = {
  title: '정합성 점검',
};
