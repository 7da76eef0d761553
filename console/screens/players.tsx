import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Players() {
  return <Page title={t().players.title} />;
}
