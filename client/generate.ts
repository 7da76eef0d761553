/**
 * The client's types, made from the API's description. `node client/generate.ts` (`npm run client`)
 * writes them.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTypescript, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { offlineDescription } from '../api/docs/offline-description.ts';

const SCHEMA = new URL('schema.d.ts', import.meta.url);

const HEADER = `/**
 * Types of every route of \`/openapi.json\`. Generated: \`npm run client\` writes it anew.
 */
`;

/** The text of \`schema.d.ts\` for the routes as they are. */
export async function generateSchema(): Promise<string> {
  // Copied, as the generator writes into it, and as plain JSON is what a client would read.
  const description = JSON.parse(JSON.stringify(offlineDescription())) as OpenAPI3;
  const ast = await openapiTypescript(description, {
    alphabetize: false,
    enum: false,
    // A field with a default may be left out of a request.
    defaultNonNullable: false,
  });
  return `${HEADER}${astToString(ast)}`;
}

/** The text of the file that is checked in. */
export async function checkedInSchema(): Promise<string> {
  return await readFile(SCHEMA, 'utf8');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(SCHEMA, await generateSchema());
}
