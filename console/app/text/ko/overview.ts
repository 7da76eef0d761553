import type { Texts } from '../en/index.ts';

export const overview: Texts['overview'] = {
  title: '현황',
};
