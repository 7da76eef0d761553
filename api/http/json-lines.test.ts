import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonLines } from './json-lines.ts';

/** An answer of that many batches, and what became of them. */
function answer(count: number) {
  const seen = { asked: 0, returned: false, ended: 0, mayRead: true };
  const over = new AbortController();
  async function* batches() {
    try {
      for (let n = 1; n <= count; n++) {
        seen.asked = n;
        yield [{ n }, { n: `${n}b` }];
      }
    } finally {
      seen.returned = true;
    }
  }
  const reader = {
    mayRead: async () => seen.mayRead,
    end: () => {
      seen.ended += 1;
    },
    cut: over.signal,
  };
  return { seen, over, response: jsonLines(batches(), reader) };
}

const readerOf = (response: Response) => {
  assert.ok(response.body);
  return response.body.getReader();
};

describe('JSON lines', () => {
  it('are one value a line', async () => {
    const { response, seen } = answer(2);
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
    assert.equal(await response.text(), '{"n":1}\n{"n":"1b"}\n{"n":2}\n{"n":"2b"}\n');
    assert.deepEqual(seen, { asked: 2, returned: true, ended: 1, mayRead: true });
  });

  it('are an empty text where there is nothing', async () => {
    const { response } = answer(0);
    assert.equal(await response.text(), '');
  });

  it('are not read ahead of the client', async () => {
    const { response, seen } = answer(1_000);
    assert.equal(seen.asked, 0);
    const reader = readerOf(response);
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(seen.asked, 1);
    await reader.cancel();
  });

  it('end with the client', async () => {
    const { response, seen } = answer(1_000);
    const reader = readerOf(response);
    await reader.read();
    await reader.cancel();
    assert.deepEqual([seen.asked, seen.returned, seen.ended], [1, true, 1]);
  });

  it('break off where the client may read no longer', async () => {
    const { response, seen } = answer(1_000);
    const reader = readerOf(response);
    await reader.read();
    seen.mayRead = false;
    await assert.rejects(reader.read());
    assert.deepEqual([seen.asked, seen.returned, seen.ended], [1, true, 1]);
  });

  it('break off at once where they are cut', async () => {
    const { response, seen, over } = answer(1_000);
    const reader = readerOf(response);
    await reader.read();
    over.abort();
    await assert.rejects(reader.read());
    assert.deepEqual([seen.asked, seen.returned, seen.ended], [1, true, 1]);
  });
});
