import { announce } from '../app/announce.ts';
import { t } from '../app/text/index.ts';

/**
 * Copies a text.
 * @param props.what what it copies, for screen readers
 * @param props.label shown instead of "Copy"
 */
export function CopyButton(props: { text: string; what: string; label?: string }) {
  const { common } = t();
  const copy = () => {
    navigator.clipboard.writeText(props.text).then(
      () => announce(common.copied),
      () => announce(common.copyFailed),
    );
  };
  return (
    <button
      type="button"
      class="small"
      aria-label={props.label ? undefined : common.copyOf(props.what)}
      onClick={copy}
    >
      {props.label ?? common.copy}
    </button>
  );
}

/** An ID as a link, or as a text without `href`, with a button that copies it. */
export function Id(props: { id: string; what: string; href?: string }) {
  return (
    <span class="id">
      {props.href ? (
        <a href={props.href}>
          <code>{props.id}</code>
        </a>
      ) : (
        <code>{props.id}</code>
      )}{' '}
      <CopyButton text={props.id} what={props.what} />
    </span>
  );
}
