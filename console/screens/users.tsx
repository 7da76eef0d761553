import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Users() {
  return <Page title={t().users.title} />;
}
