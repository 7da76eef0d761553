import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Overview() {
  return <Page title={t().overview.title} />;
}
