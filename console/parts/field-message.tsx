import { t } from '../app/text/index.ts';

/** What is wrong with a field: that it is, in the viewer's language, and the API's English message. */
export function FieldMessage({ message }: { message: string }) {
  const { field } = t().problems;
  return (
    <>
      {field && `${field} `}
      <span lang="en">{message}</span>
    </>
  );
}
