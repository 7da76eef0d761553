import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Reconciliation() {
  return <Page title={t().reconciliation.title} />;
}
