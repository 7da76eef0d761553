import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Events() {
  return <Page title={t().events.title} />;
}
