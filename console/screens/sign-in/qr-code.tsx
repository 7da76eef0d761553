import { generate } from 'lean-qr';

/** ISO/IEC 18004, section 9.1: four modules of white around the code. */
const QUIET_ZONE = 4;

/** A text as a QR code: black on white in any colours, as scanners need that. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const code = generate(text);
  const { size } = code;
  const modules = [];
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) if (code.get(x, y)) modules.push(`M${x} ${y}h1v1h-1z`);
  }
  const width = size + 2 * QUIET_ZONE;
  return (
    <svg
      class="qr-code"
      role="img"
      aria-label={label}
      viewBox={`${-QUIET_ZONE} ${-QUIET_ZONE} ${width} ${width}`}
    >
      <rect x={-QUIET_ZONE} y={-QUIET_ZONE} width={width} height={width} fill="#fff" />
      <path d={modules.join('')} fill="#000" shape-rendering="crispEdges" />
    </svg>
  );
}
