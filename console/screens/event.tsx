import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Event() {
  return <Page title={t().event.title} />;
}
