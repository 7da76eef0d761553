import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takeEvents } from './server-events.ts';

describe('server-sent events', () => {
  it('are taken once they are whole; the rest waits for more', () => {
    const { events, rest } = takeEvents('id: 3\nevent: claim\ndata: {"a":1}\n\nid: 4\nda');
    assert.deepEqual(events, [{ id: '3', event: 'claim', data: '{"a":1}' }]);
    assert.equal(rest, 'id: 4\nda');
  });

  it('join several lines of data, and are nothing where a comment keeps the connection open', () => {
    const { events } = takeEvents(': still here\n\ndata: a\r\ndata: b\r\n\r\n');
    assert.deepEqual(events, [{ id: undefined, event: 'message', data: 'a\nb' }]);
  });
});
