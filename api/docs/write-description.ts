/** `npm run openapi`: writes the API's description to `dist/openapi.json`, for tools that read a file. */
import { mkdir, writeFile } from 'node:fs/promises';
import { offlineDescription } from './offline-description.ts';

const DIST = new URL('../../dist/', import.meta.url);

await mkdir(DIST, { recursive: true });
await writeFile(new URL('openapi.json', DIST), JSON.stringify(offlineDescription(), null, 2));
