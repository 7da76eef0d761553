/** `npm run access`: writes `docs/access.md` from the table of roles and routes. */
import { writeFile } from 'node:fs/promises';
import { ACCESS_FILE, accessDocument } from './access-document.ts';

await writeFile(ACCESS_FILE, accessDocument());
