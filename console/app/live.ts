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
  /** While `stale`: when the server was last heard, in RFC 3339; until then `data` was right. */
  heardAt: string | undefined;
  /** Whether the server has said all that there is to say. */
  ended: boolean;
  /** A refusal, after which no connection is tried. */
  problem: Problem | undefined;
}

/**
 * Follows a stream for as long as the component is shown.
 * @param url null follows nothing
 * @param isLast whether nothing comes after this one, so that the stream's end is no interruption
 * @param silentAfterMs after so long without anything the server is gone, in milliseconds
 */
export function useLive<T>(
  url: string | null,
  isLast: (data: T) => boolean,
  silentAfterMs: number = SILENT_AFTER_MS,
): Live<T> {
  const [live, setLive] = useState<Live<T>>(NOTHING);
  useEffect(() => {
    if (url === null) return;
    const over = new AbortController();
    const change = (part: Partial<Live<T>>) => {
      if (!over.signal.aborted) setLive((before) => ({ ...before, ...part }));
    };
    void follow<T>({ url, over: over.signal, silentAfterMs }, isLast, change);
    return () => over.abort();
  }, [url]);
  return live;
}

const NOTHING = {
  data: undefined,
  stale: false,
  heardAt: undefined,
  ended: false,
  problem: undefined,
};

interface Connection {
  url: string;
  over: AbortSignal;
  silentAfterMs: number;
}

async function follow<T>(
  connection: Connection,
  isLast: (data: T) => boolean,
  change: (part: Partial<Live<T>>) => void,
): Promise<void> {
  const { over } = connection;
  let lastId: string | undefined;
  let heardAt: string | undefined;
  let ended = false;
  let waitMs: number = RECONNECT_MS[0];
  const heard = (event: ServerEvent) => {
    lastId = event.id ?? lastId;
    waitMs = RECONNECT_MS[0];
    const data = JSON.parse(event.data) as T;
    ended = isLast(data);
    change({ data, stale: false, ended, problem: undefined });
  };
  const listened = () => {
    heardAt = new Date().toISOString();
  };
  while (!over.aborted) {
    const opened = () => change({ stale: false });
    const problem = await readOnce(connection, lastId, { heard, opened, listened });
    if (problem) return change({ problem, stale: true, heardAt });
    if (ended) return;
    change({ stale: true, heardAt });
    await pause(waitMs, over);
    waitMs = Math.min(waitMs * 2, RECONNECT_MS[1]);
  }
}

/** One connection, to its end. @returns a refusal that trying again does not change */
async function readOnce(
  { url, over, silentAfterMs }: Connection,
  lastId: string | undefined,
  tell: { heard: (event: ServerEvent) => void; opened: () => void; listened: () => void },
): Promise<Problem | undefined> {
  const silence = new AbortController();
  const signal = AbortSignal.any([over, silence.signal]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), silentAfterMs);
  };
  try {
    listen();
    const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) };
    const response = await fetchSignedIn(new Request(url, { headers, signal }));
    if (!response.ok) {
      const isFinal = response.status < 500 && response.status !== 429;
      return isFinal ? await problemOfResponse(response) : undefined;
    }
    tell.opened();
    let text = '';
    for await (const part of chunksOf(response)) {
      listen();
      tell.listened();
      const { events, rest } = takeEvents(text + part);
      text = rest;
      for (const event of events) tell.heard(event);
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
