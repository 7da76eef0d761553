import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Operation() {
  return <Page title={t().operation.title} />;
}
