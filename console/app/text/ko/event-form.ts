import type { Texts } from '../en/index.ts';

export const eventForm: Texts['eventForm'] = {
  title: '이벤트 편집',
};
