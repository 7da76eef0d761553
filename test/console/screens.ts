/** Every screen of the console, with something on it, and who sees it. */
import type { Texts } from '../../console/app/text/en/index.ts';
import type { fillStack, Staff } from './console-stack.ts';

export interface Screen {
  /** Names its picture. */
  name: string;
  address: string;
  roles: readonly Staff[];
  /** Its heading. */
  title: (t: Texts) => string;
  /** Its heading for a role that does not see it, where that is another one. */
  closedTitle?: (t: Texts) => string;
}

type Filled = Awaited<ReturnType<typeof fillStack>>;

const STAFF: readonly Staff[] = ['SUPPORT', 'OPERATOR', 'AUDITOR', 'ADMIN'];
const WRITERS: readonly Staff[] = ['OPERATOR', 'ADMIN'];
const AUDITORS: readonly Staff[] = ['AUDITOR', 'ADMIN'];
const ADMINS: readonly Staff[] = ['ADMIN'];

/** The screens of a stack that was filled. */
export function screensOf({ snow, waiting, failed, granted, operationId }: Filled): Screen[] {
  const player = `/console/players/${waiting.id}?event=${snow.eventId}`;
  const parked = '/console/claims?state=NEEDS_ATTENTION';
  const [open, events] = [`/console/events/${snow.eventId}`, '/console/events'];
  const operation = `/console/operations/${operationId}`;
  const claim = (t: Texts) => t.claim.title;
  const event = () => snow.title;
  return [
    screen('overview', '/console', STAFF, (t) => t.overview.title),
    screen('search', '/console/search?q=e', STAFF, (t) => t.search.title),
    screen('players', '/console/players', STAFF, (t) => t.players.title),
    screen('player', player, STAFF, () => waiting.username),
    screen('claims', parked, STAFF, (t) => t.claims.title),
    screen('claim', `/console/claims/${failed.claimId}`, STAFF, claim),
    screen('claim-granted', `/console/claims/${granted.claimId}`, STAFF, claim),
    screen('events', events, STAFF, (t) => t.events.title),
    screen('calendar', `${events}?view=calendar`, STAFF, (t) => t.events.title),
    screen('event', open, STAFF, event),
    screen('event-definition', `${open}?tab=definition`, STAFF, event),
    screen('event-claims', `${open}?tab=claims`, STAFF, event),
    screen('event-history', `${open}?tab=history`, STAFF, event),
    screen('event-new', `${events}/new`, WRITERS, (t) => t.eventForm.newTitle),
    {
      ...screen('event-edit', `${open}/edit`, WRITERS, (t) => t.eventForm.editTitle(snow.title)),
      closedTitle: (t) => t.eventForm.title,
    },
    screen('operations', '/console/operations', ADMINS, (t) => t.operations.title),
    screen('operation', operation, ADMINS, (t) => t.operation.title),
    screen('reconciliation', '/console/reconciliation', AUDITORS, (t) => t.reconciliation.title),
    screen('audit-log', '/console/audit-log', AUDITORS, (t) => t.auditLog.title),
    screen('users', '/console/users', ADMINS, (t) => t.users.title),
  ];
}

function screen(
  name: string,
  address: string,
  roles: readonly Staff[],
  title: Screen['title'],
): Screen {
  return { name, address, roles, title };
}
