/** Makes a browser's picture smaller: 256 colours, which is all that a screen of text needs. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** Before the chunks of a PNG (W3C PNG, section 5.2). */
const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const MOST_COLOURS = 256;
/** What a browser writes for a page: eight bits each of red, green and blue, not interlaced. */
const RGB_BYTES = 3;

interface Pixels {
  width: number;
  height: number;
  rgb: Buffer;
}

/**
 * The same picture with its 256 most frequent colours; other ones become the nearest of them.
 * @param png as a browser makes it of a page: RGB, not interlaced
 */
export function smallPng(png: Buffer): Buffer {
  const { width, height, rgb } = pixelsOf(png);
  const colours = frequentColours(rgb);
  const nearest = new Map<number, number>();
  // Each row begins with its filter: none.
  const rows = Buffer.alloc(height * (width + 1));
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const colour = rgb.readUIntBE(pixel * RGB_BYTES, RGB_BYTES);
    const index = nearest.get(colour) ?? nearestOf(colours, colour);
    nearest.set(colour, index);
    rows[pixel + Math.floor(pixel / width) + 1] = index;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a pixel, which is a place in the palette.
  header.set([8, 3], 8);
  const palette = Buffer.from(colours.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function frequentColours(rgb: Buffer): number[] {
  const counts = new Map<number, number>();
  for (let at = 0; at < rgb.length; at += RGB_BYTES) {
    const colour = rgb.readUIntBE(at, RGB_BYTES);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const ordered = [...counts].sort(([, a], [, b]) => b - a);
  return ordered.slice(0, MOST_COLOURS).map(([colour]) => colour);
}

function nearestOf(colours: readonly number[], colour: number): number {
  const part = (of: number, shift: number) => (of >> shift) & 255;
  const distance = (other: number) =>
    [16, 8, 0].reduce((sum, shift) => sum + (part(other, shift) - part(colour, shift)) ** 2, 0);
  const distances = colours.map(distance);
  return distances.indexOf(Math.min(...distances));
}

function pixelsOf(png: Buffer): Pixels {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  if (png[24] !== 8 || png[25] !== 2 || png[28] !== 0) throw new Error('not a PNG of plain RGB');
  const data: Buffer[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const isData = png.toString('latin1', at + 4, at + 8) === 'IDAT';
    if (isData) data.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const rgb = unfiltered(inflateSync(Buffer.concat(data)), width * RGB_BYTES, height);
  return { width, height, rgb };
}

/** Takes each row's filter back (W3C PNG, section 9.2). */
function unfiltered(rows: Buffer, stride: number, height: number): Buffer {
  const bytes = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = rows[y * (stride + 1)] ?? 0;
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x < RGB_BYTES ? 0 : (bytes[at - RGB_BYTES] ?? 0);
      const up = y === 0 ? 0 : (bytes[at - stride] ?? 0);
      const corner = x < RGB_BYTES || y === 0 ? 0 : (bytes[at - stride - RGB_BYTES] ?? 0);
      const foreseen = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      // A byte of a buffer is kept without what is above eight bits.
      bytes[at] = (rows[y * (stride + 1) + 1 + x] ?? 0) + foreseen;
    }
  }
  return bytes;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
