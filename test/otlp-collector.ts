/**
 * A collector of traces: it takes OTLP over HTTP as protobuf, as OpenTelemetry's exporters send it,
 * and keeps the spans. The numbers of the fields are those of `opentelemetry/proto/trace/v1`.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A span as it was sent. IDs are in hexadecimal digits, times in nanoseconds since the epoch. */
export interface SentSpan {
  service: string;
  traceId: string;
  spanId: string;
  /** Empty where the span is the first of its trace. */
  parentSpanId: string;
  name: string;
  /** 1 internal, 2 server, 3 client. */
  kind: number;
  startNs: bigint;
  endNs: bigint;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
  /** Whether it failed. */
  failed: boolean;
}

/** One field of a message: a number, or the bytes of a text or of a message inside. */
type Field = [number: number, value: bigint | Buffer];

/** The fields of a message, in their order. */
function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number): Buffer => {
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    const wireType = tag & 7;
    if (wireType === 0) yield [number, varint()];
    else if (wireType === 1) yield [number, bytes(8).readBigUInt64LE()];
    else if (wireType === 2) yield [number, bytes(Number(varint()))];
    else if (wireType === 5) yield [number, BigInt(bytes(4).readUInt32LE())];
    else throw new Error(`wire type ${wireType} is not of protobuf`);
  }
}

const all = (message: Buffer, number: number): Buffer[] =>
  [...fieldsOf(message)].flatMap(([n, value]) => (n === number ? [value as Buffer] : []));
const first = (message: Buffer, number: number) => {
  const found = [...fieldsOf(message)].find(([n]) => n === number);
  return found?.[1];
};
const text = (message: Buffer, number: number) => String(first(message, number) ?? '');
const hex = (message: Buffer, number: number) =>
  ((first(message, number) ?? Buffer.alloc(0)) as Buffer).toString('hex');
const numberIn = (message: Buffer, number: number) => BigInt(String(first(message, number) ?? 0));

/** A value by its kind: text, truth or a whole number; the others are not used. */
function contentOf(message: Buffer): unknown {
  const [kind, value] = fieldsOf(message).next().value ?? [];
  if (kind === 1) return String(value);
  if (kind === 2) return value === 1n;
  return kind === 3 ? Number(value) : `a value of kind ${kind}`;
}

const attributesIn = (pairs: Buffer[]) =>
  Object.fromEntries(
    pairs.map((pair) => [text(pair, 1), contentOf(first(pair, 2) as Buffer)] as const),
  );

function spanOf(message: Buffer, service: string): SentSpan {
  const [status = Buffer.alloc(0)] = all(message, 15);
  return {
    service,
    traceId: hex(message, 1),
    spanId: hex(message, 2),
    parentSpanId: hex(message, 4),
    name: text(message, 5),
    kind: Number(numberIn(message, 6)),
    startNs: numberIn(message, 7),
    endNs: numberIn(message, 8),
    attributes: attributesIn(all(message, 9)),
    links: all(message, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
    failed: numberIn(status, 3) === 2n,
  };
}

/** The spans of an `ExportTraceServiceRequest`. */
function spansIn(request: Buffer): SentSpan[] {
  return all(request, 1).flatMap((ofResource) => {
    const [resource = Buffer.alloc(0)] = all(ofResource, 1);
    const service = String(attributesIn(all(resource, 1))['service.name']);
    const ofScopes = all(ofResource, 2).flatMap((ofScope) => all(ofScope, 2));
    return ofScopes.map((span) => spanOf(span, service));
  });
}

export type Collector = Awaited<ReturnType<typeof startCollector>>;

/** Starts a collector on a free port. */
export async function startCollector() {
  const spans: SentSpan[] = [];
  const server = http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const isZipped = request.headers['content-encoding'] === 'gzip';
    const isOtlp = request.url === '/v1/traces' && request.method === 'POST';
    if (!isOtlp || request.headers['content-type'] !== 'application/x-protobuf') {
      response.writeHead(400).end();
      return;
    }
    spans.push(...spansIn(isZipped ? gunzipSync(body) : body));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    server.emit('spans');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    /** Resolves with what `look` finds in the spans, once it finds something. @throws after `withinMs` */
    async until<T>(look: (spans: SentSpan[]) => T | undefined, withinMs = 60_000): Promise<T> {
      const signal = AbortSignal.timeout(withinMs);
      for (;;) {
        const found = look(spans);
        if (found !== undefined) return found;
        await once(server, 'spans', { signal }).catch((cause: unknown) => {
          const names = spans.map(({ traceId, name }) => `${traceId.slice(0, 4)} ${name}`);
          throw new Error(`not sent in time: ${look}; there are ${names.join(', ')}`, { cause });
        });
      }
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * The spans as a tree in text, one a line, children in the order of their names.
 * @param parentSpanId of the topmost ones
 */
export function treeOf(spans: SentSpan[], parentSpanId: string, depth = 0): string[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .toSorted((a, b) => a.name.localeCompare(b.name) || Number(a.startNs - b.startNs))
    .flatMap((span) => [
      `${'  '.repeat(depth)}${span.name}`,
      ...treeOf(spans, span.spanId, depth + 1),
    ]);
}
