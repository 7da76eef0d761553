/** `docs/access.md`: the table of roles and routes, for people. */
import type { Role } from '../../domain/user.ts';
import { OWN_ONLY, WHO } from './access-table.ts';

/** Where the document is. */
export const ACCESS_FILE = new URL('../../docs/access.md', import.meta.url);

const HEAD = `# Who may call what

Made from the table that the tests check (\`api/identity/access-table.ts\`); \`npm run access\` writes it anew. \`api/identity/access.test.ts\` calls every route of \`/openapi.json\` as everybody here, and fails where a route is not in the table.

**yes**: may call it. **own**: for their own data alone; of others it answers 404, 403 or an empty list. **–**: 403. *No token* says whether the route takes a caller who is not signed in; it then looks at no role. \`SUPPORT\` reads and changes nothing but its own account. What each call does is in the [contract](contract.md). Two things are no part of the API's description and take anyone: the console's page and files at \`/console\`, and the redirects of a sign-in at the studio's provider, \`/api/auth/oidc/start\` and \`/api/auth/oidc/callback\`.
`;

/** The heads of the columns; the roles in the order in which they may do more. */
const COLUMNS = ['PLAYER', 'GAME_SERVER', 'SUPPORT', 'OPERATOR', 'AUDITOR', 'ADMIN'] as const;

/** The document, from the table. */
export function accessDocument(): string {
  const byResource = Object.groupBy(Object.keys(WHO), resourceOf);
  const sections = Object.entries(byResource).map(
    ([resource, routes = []]) => `\n## ${resource}\n${table(routes)}\n`,
  );
  return HEAD + sections.join('');
}

/** What a route is about: the part of its path behind `/api`. */
function resourceOf(route: string): string {
  return / \/api\/([\w-]+)/.exec(route)?.[1] ?? 'around it';
}

function table(routes: string[]): string {
  const rows = routes.map((route) => [`\`${route}\``, ...marks(route)]);
  const head = ['Route', 'No token', ...COLUMNS.map((role) => `\`${role}\``)];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function marks(route: string): string[] {
  const roles = WHO[route] ?? [];
  if (roles === 'anyone') return ['yes', ...COLUMNS.map(() => 'yes')];
  const mark = (role: Role) => {
    if (!roles.includes(role)) return '–';
    return OWN_ONLY[route]?.includes(role) ? 'own' : 'yes';
  };
  return ['401', ...COLUMNS.map(mark)];
}
