/** An answer of any length as JSON, one value a line (`application/x-ndjson`). */

/** The media type of JSON lines. */
export const JSON_LINES = 'application/x-ndjson';

/** The client at the other end. */
interface Reader {
  /** Whether it may read on; asked before each batch. */
  mayRead(): Promise<boolean>;
  /** Called once when the answer has ended, however it did. */
  end(): void;
  /** Aborted to end the answer early. */
  cut: AbortSignal;
}

/**
 * Streams the values. A batch is asked for when the client has taken the one before. An answer that
 * ends early breaks the connection, so that the client cannot take it for the whole.
 */
export function jsonLines(batches: AsyncGenerator<object[]>, reader: Reader): Response {
  const encoder = new TextEncoder();
  let isOver = false;
  const finish = async () => {
    if (isOver) return;
    isOver = true;
    reader.end();
    await batches.return(undefined);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const cutShort = () => {
          controller.error(new Error('cut short'));
          void finish();
        };
        reader.cut.addEventListener('abort', cutShort, { once: true });
      },
      async pull(controller) {
        try {
          if (!(await reader.mayRead())) throw new Error('may read no longer');
          const { done, value } = await batches.next();
          if (reader.cut.aborted) return;
          if (!done) {
            const lines = value.map((item) => `${JSON.stringify(item)}\n`);
            return controller.enqueue(encoder.encode(lines.join('')));
          }
        } catch (error) {
          await finish();
          throw error;
        }
        await finish();
        controller.close();
      },
      cancel: finish,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: { 'Content-Type': JSON_LINES, 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
  });
}
