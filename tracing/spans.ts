/**
 * What the code knows of tracing. This file loads nothing, and there is no tracer until a process
 * turns tracing on (`start.ts`). Whoever makes a span asks for the tracer first.
 */
import type { SpanIds } from './traceparent.ts';

/** No value may be personal data, a key or a token: spans leave the system. */
export type Attributes = Record<string, string | number | boolean>;

/** A span before it begins. */
export interface SpanPlan {
  name: string;
  kind: 'SERVER' | 'CLIENT' | 'INTERNAL';
  attributes?: Attributes;
  /** The span that it is a child of. Null: of none. The current span unless given. */
  parent?: SpanIds | null;
  /** When it began, on `performance.now()`; now unless given. */
  startedAtMs?: number | undefined;
}

/** A span that is under way. */
export interface Span {
  /** The value of `traceparent` that makes what is called a child of this span. */
  readonly traceparent: string;
  rename(name: string): void;
  add(attributes: Attributes): void;
  /** Marks it as failed. @param type the kind of failure, never a message: it may hold anything */
  fail(type: string): void;
}

/** A span that is over, and whose IDs are known already. */
export interface PastSpan {
  name: string;
  ids: SpanIds;
  /** The span that it is a child of; null if it is the first of its trace. */
  parent: SpanIds | null;
  /** Spans of other traces that it follows. */
  links: SpanIds[];
  attributes: Attributes;
  startedAt: Date;
  endedAt: Date;
}

/** Ends the spans of one piece of work. @param failure the kind of failure, if it failed */
export type EndSpans = (failure?: string) => void;

/** What a batch remembers of one of its callers. Only the tracer looks inside. */
export type Caller = object | undefined;

export interface Tracer {
  /** Does the work in a span, which is the current one meanwhile. It fails where the work throws. */
  inSpan<T>(plan: SpanPlan, work: (span: Span) => Promise<T>): Promise<T>;
  /** Writes a span that is over. Does nothing if its trace is not sampled. */
  writePast(span: PastSpan): void;
  /**
   * Begins a span for each caller of the work that runs now: one, or all that share a batch.
   * @returns ends them; null if none of the callers has a span that is still open
   */
  beginShared(plan: Omit<SpanPlan, 'parent' | 'startedAtMs'>): EndSpans | null;
  /** Who calls now. */
  caller(): Caller;
  /** Does work that several callers share. */
  onBehalfOf<T>(callers: readonly Caller[], work: () => T): T;
  /** The current span's IDs; null if there is none. */
  current(): SpanIds | null;
}

let active: Tracer | undefined;

/** The process's tracer; undefined while tracing is off. */
export const tracer = (): Tracer | undefined => active;

/** Turns tracing on, or off with undefined. */
export function useTracer(given: Tracer | undefined): void {
  active = given;
}

/** What a log line carries of the current span, named as OpenTelemetry has it; empty without one. */
export function idsForLog(): { trace_id: string; span_id: string } | object {
  const ids = active?.current();
  return ids ? { trace_id: ids.traceId, span_id: ids.spanId } : {};
}

/** The kind of an error, for `error.type`: the code or the class, never the message. */
export function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { type } = error as { type?: unknown };
  return typeof type === 'string' ? type : error.name;
}
