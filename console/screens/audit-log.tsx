import { t } from '../app/text/index.ts';
import { Page } from '../parts/page.tsx';

export function AuditLog() {
  return <Page title={t().auditLog.title} />;
}
