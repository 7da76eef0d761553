import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function EventForm() {
  return <Page title={t().eventForm.title} />;
}
