import type { Texts } from '../en/index.ts';

export const players: Texts['players'] = {
  title: '플레이어',
};
