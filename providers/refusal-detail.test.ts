import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusalDetail } from './http.ts';

describe('why a provider refused', () => {
  it('is its status and what it says in detail, message or title, in that order', () => {
    assert.equal(refusalDetail(403, { title: 't', message: 'm', detail: 'd' }), 'HTTP 403: d');
    assert.equal(refusalDetail(403, { title: 't', message: 'm' }), 'HTTP 403: m');
    assert.equal(refusalDetail(403, { title: 't', message: 7 }), 'HTTP 403: t');
  });

  it('is its status alone where it says nothing a person can read', () => {
    for (const detail of ['', ' \n\t', { nested: 'x' }, ['x'], null, 5]) {
      assert.equal(refusalDetail(422, { detail }), 'HTTP 422');
    }
  });

  it('is one line of printable characters in any script', () => {
    const detail = '인벤토리가\r\n가득\u0000 찼습니다\u001b[31m\u202e\u2028🧊\ud800';
    assert.equal(refusalDetail(400, { detail }), 'HTTP 400: 인벤토리가 가득 찼습니다 [31m 🧊');
  });

  it('keeps emoji whole, and is nothing where nothing can be seen', () => {
    assert.equal(refusalDetail(400, { detail: '👨‍👩‍👧 ❤️' }), 'HTTP 400: 👨‍👩‍👧 ❤️');
    assert.equal(
      refusalDetail(400, { detail: '\u3164\u2800', title: '눈'.normalize('NFD') }),
      'HTTP 400: 눈',
    );
  });

  it('is at most 200 characters long and never half a character', () => {
    const said = refusalDetail(400, { detail: '🧊'.repeat(500) });
    assert.equal(said, `HTTP 400: ${'🧊'.repeat(200)}`);
  });

  it('never repeats a secret or a signature', () => {
    const detail =
      'key whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, signature v1,g0hM9SsE+OTPJTG/t= bad';
    assert.equal(refusalDetail(401, { detail }), 'HTTP 401: key …, signature … bad');
  });
});
