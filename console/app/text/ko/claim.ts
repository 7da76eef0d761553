import type { Texts } from '../en/index.ts';

export const claim: Texts['claim'] = {
  title: '지급 요청',
};
