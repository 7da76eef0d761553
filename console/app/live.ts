/**
 * Server-sent events by `fetch`, as `EventSource` cannot send a token. Reconnects by itself, and says
 * when what is shown may be old.
 */
import { useEffect, useState } from 'preact/hooks';
import { fetchSignedIn } from './api.ts';
import { type Problem, problemOfResponse } from './problem.ts';
import { type ServerEvent, takeEvents } from './server-events.ts';

/** The first and the longest wait before a new connection, in milliseconds. */
const RECONNECT_MS = [500, 10_000] as const;
/** The server sends a comment every 15 s at least; this long without anything, it is gone. */
const SILENT_AFTER_MS = 35_000;

export interface Live<T> {
  /** The latest one; undefined before the first. */
  data: T | undefined;
  /** Whether there is no connection now, so that `data` may be old. */
  stale: boolean;
  /** Whether the server has said all that there is to say. */
  ended: boolean;
  /** A refusal, after which no connection is tried. */
  problem: Problem | undefined;
}

/**
 * Follows a stream for as long as the component is shown.
 * @param url null follows nothing
 * @param isLast whether nothing comes after this one, so that the stream's end is no interruption
 */
export function useLive<T>(url: string | null, isLast: (data: T) => boolean): Live<T> {
  const [live, setLive] = useState<Live<T>>(NOTHING);
  useEffect(() => {
    if (url === null) return;
    const over = new AbortController();
    const change = (part: Partial<Live<T>>) => {
      if (!over.signal.aborted) setLive((before) => ({ ...before, ...part }));
    };
    void follow<T>(url, over.signal, isLast, change);
    return () => over.abort();
  }, [url]);
  return live;
}

const NOTHING = { data: undefined, stale: false, ended: false, problem: undefined };

async function follow<T>(
  url: string,
  over: AbortSignal,
  isLast: (data: T) => boolean,
  change: (part: Partial<Live<T>>) => void,
): Promise<void> {
  let lastId: string | undefined;
  let ended = false;
  let waitMs: number = RECONNECT_MS[0];
  const heard = (event: ServerEvent) => {
    lastId = event.id ?? lastId;
    waitMs = RECONNECT_MS[0];
    const data = JSON.parse(event.data) as T;
    ended = isLast(data);
    change({ data, stale: false, ended, problem: undefined });
  };
  while (!over.aborted) {
    const problem = await readOnce(url, lastId, over, heard, () => change({ stale: false }));
    if (problem) return change({ problem, stale: true });
    if (ended) return;
    change({ stale: true });
    await pause(waitMs, over);
    waitMs = Math.min(waitMs * 2, RECONNECT_MS[1]);
  }
}

/** One connection, to its end. @returns a refusal that trying again does not change */
async function readOnce(
  url: string,
  lastId: string | undefined,
  over: AbortSignal,
  heard: (event: ServerEvent) => void,
  opened: () => void,
): Promise<Problem | undefined> {
  const silence = new AbortController();
  const signal = AbortSignal.any([over, silence.signal]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENT_AFTER_MS);
  };
  try {
    listen();
    const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) };
    const response = await fetchSignedIn(new Request(url, { headers, signal }));
    if (!response.ok) {
      const isFinal = response.status < 500 && response.status !== 429;
      return isFinal ? await problemOfResponse(response) : undefined;
    }
    opened();
    let text = '';
    for await (const part of chunksOf(response)) {
      listen();
      const { events, rest } = takeEvents(text + part);
      text = rest;
      for (const event of events) heard(event);
    }
  } catch {
    // No connection, or it broke: the next one goes on from `lastId`.
  } finally {
    clearTimeout(timer);
  }
  return undefined;
}

/** The body's text as it comes. Safari has no async iterator of a stream. */
async function* chunksOf(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

async function pause(ms: number, over: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    over.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
