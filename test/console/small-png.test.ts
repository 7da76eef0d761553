import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { smallPng } from './small-png.ts';

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

test('a picture keeps its pixels, whatever filter its rows have', () => {
  const header = Buffer.from([0, 0, 0, 2, 0, 0, 0, 5, 8, 2, 0, 0, 0]);
  // Two pixels a row, red and a darker red; each row is written with another filter.
  const rows = [
    [0, 200, 0, 0, 100, 0, 0],
    [1, 200, 0, 0, 156, 0, 0],
    [2, 0, 0, 0, 0, 0, 0],
    [3, 100, 0, 0, 206, 0, 0],
    [4, 0, 0, 0, 0, 0, 0],
  ];
  const png = Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  const small = smallPng(png);
  const data = small.subarray(small.indexOf('IDAT') + 4, small.indexOf('IEND') - 8);
  const palette = small.subarray(small.indexOf('PLTE') + 4);
  const found = [...inflateSync(data)].filter((_, at) => at % 3 !== 0);
  const reds = found.map((index) => palette[index * 3]);
  assert.deepEqual(reds, Array(5).fill([200, 100]).flat());
  assert.equal(small[25], 3);
});
