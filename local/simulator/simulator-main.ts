/** The simulator as a process. Environment: `SECRET`, and optional `PORT`, `HOST`, `DATA_DIR`, `CALLBACK_URL`. */
import { z } from 'zod';
import { startSimulator } from './simulator.ts';

const env = z
  .object({
    SECRET: z.string().regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'whsec_ and 24 bytes in base64'),
    PORT: z.coerce.number().int().min(0).max(65_535).default(0),
    HOST: z.string().min(1).exactOptional(),
    DATA_DIR: z.string().min(1).exactOptional(),
    CALLBACK_URL: z.url({ protocol: /^https?$/ }).exactOptional(),
  })
  .safeParse(Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')));

if (!env.success) {
  console.error(z.prettifyError(env.error));
  process.exit(1);
}

const { SECRET, PORT, HOST, DATA_DIR, CALLBACK_URL } = env.data;
const simulator = await startSimulator({
  secret: SECRET,
  port: PORT,
  ...(HOST !== undefined && { host: HOST }),
  ...(DATA_DIR !== undefined && { dir: DATA_DIR }),
  ...(CALLBACK_URL !== undefined && { callbackUrl: CALLBACK_URL }),
});
console.log(`simulator listening on ${simulator.url}`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void simulator.close());
}
