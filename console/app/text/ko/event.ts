import type { Texts } from '../en/index.ts';

export const event: Texts['event'] = {
  title: '이벤트',
};
