import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Player() {
  return <Page title={t().player.title} />;
}
