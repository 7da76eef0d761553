import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { trustedProxies } from '../../process/config.ts';
import { clientOf, countedAs, isTrusted, limitKeyOf } from './client-address.ts';

const NOBODY = new BlockList();
const INGRESS = trustedProxies.parse('10.0.0.0/8, 2001:db8:ff::/48, 192.0.2.7');

const from = (
  remoteAddress: string | undefined,
  forwardedFor?: string,
  trusted: BlockList = INGRESS,
) => {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  return clientOf({ headers, socket: { remoteAddress } }, trusted).address;
};

describe("a client's address", () => {
  it("is the socket's where no proxy is trusted, whatever a header says", () => {
    assert.equal(from('10.0.0.1', '198.51.100.9', NOBODY), '10.0.0.1');
    assert.equal(from('203.0.113.5', '198.51.100.9'), '203.0.113.5');
    assert.equal(from(undefined, '198.51.100.9'), 'no socket');
  });

  it('is the rightmost hop that is no trusted proxy', () => {
    assert.equal(from('10.0.0.1', '198.51.100.9'), '198.51.100.9');
    assert.equal(from('10.0.0.1', '1.1.1.1, 198.51.100.9'), '198.51.100.9');
    assert.equal(from('10.0.0.1', '1.1.1.1, 198.51.100.9, 192.0.2.7, 10.9.9.9'), '198.51.100.9');
    assert.equal(from('2001:db8:ff::1', '2001:DB8:0:0::0009'), '2001:db8::9');
    assert.equal(from('::ffff:10.0.0.1', '::ffff:198.51.100.9'), '198.51.100.9');
    assert.equal(from('::ffff:a00:1', '198.51.100.9:4711'), '198.51.100.9');
    assert.equal(from('10.0.0.1', '[2001:db8::9]:4711'), '2001:db8::9');
  });

  it('is the outermost proxy where all hops are trusted, or none is named', () => {
    assert.equal(from('10.0.0.1', '10.0.0.3, 10.0.0.2'), '10.0.0.3');
    assert.equal(from('10.0.0.1'), '10.0.0.1');
    assert.equal(from('10.0.0.1', ''), '10.0.0.1');
  });

  it('is the last proxy before what is no address', () => {
    for (const broken of ['unknown', '198.51.100', '010.1.1.1', '0x7f.1', 'a, ', '1.1.1.1, _x']) {
      assert.equal(from('10.0.0.1', `${broken}, 10.0.0.2`), '10.0.0.2', broken);
    }
  });

  it('is never what stands left of an address that is not trusted', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), (forged) => {
        const header = [...forged, '198.51.100.9', '10.0.0.2'].join(',');
        assert.equal(from('10.0.0.1', header), '198.51.100.9');
      }),
    );
  });

  it('has one text however it is written, and /64 counts for all of a network', () => {
    const key = (address: string) => limitKeyOf(from(address, undefined, NOBODY));
    assert.equal(key('192.0.2.1'), '192.0.2.1');
    assert.equal(key('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(key('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
    assert.equal(key('2001:0DB8:1:2::9'), '2001:db8:1:2::/64');
    assert.equal(key('2001:db8::9'), '2001:db8:0:0::/64');
    assert.equal(key('::1'), '0:0:0:0::/64');
    assert.equal(key('fe80::1%eth0'), 'fe80:0:0:0::/64');
    assert.equal(limitKeyOf('no socket'), 'no socket');
  });
});

describe('what a client is counted as', () => {
  const counted = (peer: string, forwardedFor?: string) => {
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    return countedAs(clientOf({ headers, socket: { remoteAddress: peer } }, INGRESS));
  };

  it('is its address, and nothing where only trusted proxies are known', () => {
    assert.equal(counted('203.0.113.5', '10.0.0.1'), '203.0.113.5');
    assert.equal(counted('10.0.0.1', '198.51.100.9, 10.0.0.2'), '198.51.100.9');
    assert.equal(counted('10.0.0.1', '2001:db8:1:2::9'), '2001:db8:1:2::/64');
    for (const forwardedFor of [undefined, '', '10.0.0.3', 'unknown', 'x, 10.0.0.3']) {
      assert.equal(counted('10.0.0.1', forwardedFor), undefined, forwardedFor);
    }
  });
});

describe("a client's scheme", () => {
  const scheme = (peer: string, proto?: string, encrypted = false) =>
    clientOf(
      {
        headers: proto === undefined ? {} : { 'x-forwarded-proto': proto },
        socket: { remoteAddress: peer, encrypted },
      },
      INGRESS,
    ).scheme;

  it("is the socket's, or what a trusted proxy says", () => {
    assert.equal(scheme('203.0.113.5', 'https'), 'http');
    assert.equal(scheme('203.0.113.5', 'http', true), 'https');
    assert.equal(scheme('10.0.0.1', 'https'), 'https');
    assert.equal(scheme('10.0.0.1', 'http, HTTPS'), 'https');
    assert.equal(scheme('10.0.0.1', 'gopher'), 'http');
    assert.equal(scheme('10.0.0.1'), 'http');
  });
});

describe('TRUSTED_PROXIES', () => {
  it('names addresses and networks of both kinds', () => {
    for (const address of ['10.255.0.1', '192.0.2.7', '::ffff:10.1.1.1', '2001:db8:ff:1::2']) {
      assert.ok(isTrusted(address, INGRESS), address);
    }
    for (const address of ['11.0.0.1', '192.0.2.8', '2001:db8:fe::1', '', 'x']) {
      assert.ok(!isTrusted(address, INGRESS), address);
    }
  });

  it('is refused with a sentence that says which entry is wrong', () => {
    for (const wrong of [
      'ingress',
      '10.0.0.0/33',
      '::/129',
      '10.0.0.0/',
      '10.0.0.0/0x8',
      '1.2.3',
    ]) {
      const answer = trustedProxies.safeParse(`127.0.0.1,${wrong}`);
      assert.match(answer.error?.issues[0]?.message ?? '', new RegExp(`^"${wrong}" is no`), wrong);
    }
    assert.ok(!trustedProxies.safeParse('10.0.0.1,,').success);
    for (const all of ['0.0.0.0/0', '::/0']) {
      const message = trustedProxies.safeParse(all).error?.issues[0]?.message ?? '';
      assert.match(message, /would believe everybody/, all);
    }
  });
});
