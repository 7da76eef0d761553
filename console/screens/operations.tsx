import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Operations() {
  return <Page title={t().operations.title} />;
}
