import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function Search() {
  return <Page title={t().search.title} />;
}
