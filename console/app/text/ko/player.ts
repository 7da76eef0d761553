import type { Texts } from '../en/index.ts';

export const player: Texts['player'] = {
  title: '플레이어',
};
