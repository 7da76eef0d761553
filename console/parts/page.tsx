import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { navigations } from '../app/router.ts';

/**
 * A screen's frame: its one `h1` and the document's title. After a navigation the heading has the
 * focus, so that a screen reader says where one is.
 * @param props.actions the screen's buttons and links, shown beside the heading
 */
export function Page(props: {
  title: string;
  actions?: ComponentChildren;
  children?: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · Laurel`;
  }, [props.title]);
  useEffect(() => {
    if (navigations.peek() > 0) heading.current?.focus();
  }, []);
  return (
    <div class="page">
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {props.title}
        </h1>
        {props.actions && <div class="actions">{props.actions}</div>}
      </div>
      {props.children}
    </div>
  );
}

/** A part of a screen with a heading of its own. */
export function Section(props: {
  title: string;
  actions?: ComponentChildren;
  children?: ComponentChildren;
}) {
  return (
    <section>
      <div class="section-head">
        <h2>{props.title}</h2>
        {props.actions && <div class="actions">{props.actions}</div>}
      </div>
      {props.children}
    </section>
  );
}
