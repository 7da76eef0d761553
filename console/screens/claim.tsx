import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Claim() {
  return <Page title={t().claim.title} />;
}
