/** The overview as server-sent events: at once, and whenever it differs. */
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { unbuffered } from '../claims/claim-stream.ts';
import type { Shared } from './feed.ts';
import type { MadeOverview, OverviewFeed } from './overview-feed.ts';

/** The client at the other end of a stream. */
interface Reader {
  /** Whether its token is still valid; asked before anything is sent. */
  mayRead(): Promise<boolean>;
  /** Called when the stream has ended. */
  end(): void;
  /** Aborted when the client leaves, or when a newer stream takes this one's place. */
  over: AbortController;
}

/** Sent where the overview was made again and says the same. */
const UNCHANGED = new TextEncoder().encode(': unchanged\n\n');

/**
 * Streams what the feed makes. A client that hears nothing for some seconds knows that what it has
 * is old: something is sent each time that the overview was made. The stream ends where it could
 * not be made; the client comes back, and is told why.
 * @param first what is sent at once
 */
export function streamOverview(
  c: Context,
  feed: OverviewFeed,
  first: Shared<MadeOverview>,
  reader: Reader,
): Response {
  const follow = async (stream: SSEStreamingApi) => {
    stream.onAbort(() => reader.over.abort());
    const next = nextOf(feed, reader.over.signal);
    try {
      let sent = 0;
      for (let made: Shared<MadeOverview> | null = first; made; made = await next.wait()) {
        if (!(await reader.mayRead())) return;
        await stream.write(made.number === sent ? UNCHANGED : made.value.event);
        sent = made.number;
      }
    } finally {
      next.end();
    }
  };
  return unbuffered(streamSSE(c, async (stream) => await follow(stream).finally(reader.end)));
}

/** What a feed makes, one by one. A client that reads slowly gets the latest, and none in between. */
function nextOf(feed: OverviewFeed, over: AbortSignal) {
  let latest: Shared<MadeOverview> | null | undefined;
  let wake = () => {};
  const leave = feed.follow((made) => {
    latest = made;
    wake();
  });
  const stop = () => {
    latest = null;
    wake();
  };
  over.addEventListener('abort', stop);
  return {
    /** The next value that was made; null where there will be none. */
    async wait(): Promise<Shared<MadeOverview> | null> {
      if (over.aborted) return null;
      if (latest === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const made = latest ?? null;
      if (made !== null) latest = undefined;
      return made;
    },
    end() {
      leave();
      over.removeEventListener('abort', stop);
    },
  };
}
