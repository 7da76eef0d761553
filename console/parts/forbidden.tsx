import { t } from '../app/text/index.ts';
import { Page } from './page.tsx';

/** Shown at an address that the viewer's role may not see; nothing is asked of the API. */
export function Forbidden({ title }: { title: string }) {
  return (
    <Page title={title}>
      <p class="note">{t().common.forbidden}</p>
    </Page>
  );
}
