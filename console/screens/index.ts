/**
 * The screens: which address shows which, who may see it, and what the navigation shows. All are in
 * one bundle, as they are small.
 */
import type { ComponentType } from 'preact';
import type { Texts } from '../app/text/index.ts';
import { type Role, type ScreenProps, STAFF } from '../app/types.ts';
import { AuditLog } from './audit-log.tsx';
import { Claim } from './claim.tsx';
import { Claims } from './claims.tsx';
import { Event } from './event.tsx';
import { EventForm } from './event-form.tsx';
import { Events } from './events.tsx';
import { Operation } from './operation.tsx';
import { Operations } from './operations.tsx';
import { Overview } from './overview.tsx';
import { Player } from './player.tsx';
import { Players } from './players.tsx';
import { Reconciliation } from './reconciliation.tsx';
import { Search } from './search.tsx';
import { Users } from './users.tsx';

export interface Route {
  /** With `{name}` parts; of several that fit, the first one counts. */
  pattern: string;
  /** Its name in the navigation, and its heading for a role that does not see it. */
  title: (texts: Texts) => string;
  /** Who sees it: those whom its routes of the API do not answer 403. */
  roles: readonly Role[];
  screen: ComponentType<ScreenProps>;
  /** Whether the navigation shows it. */
  inNavigation?: true;
}

export const ROUTES: readonly Route[] = [
  {
    pattern: '/console',
    title: (t) => t.overview.title,
    roles: STAFF,
    screen: Overview,
    inNavigation: true,
  },
  {
    pattern: '/console/search',
    title: (t) => t.search.title,
    roles: STAFF,
    screen: Search,
  },
  {
    pattern: '/console/players',
    title: (t) => t.players.title,
    roles: STAFF,
    screen: Players,
    inNavigation: true,
  },
  {
    pattern: '/console/players/{userId}',
    title: (t) => t.player.title,
    roles: STAFF,
    screen: Player,
  },
  {
    pattern: '/console/claims',
    title: (t) => t.claims.title,
    roles: STAFF,
    screen: Claims,
    inNavigation: true,
  },
  {
    pattern: '/console/claims/{claimId}',
    title: (t) => t.claim.title,
    roles: STAFF,
    screen: Claim,
  },
  {
    pattern: '/console/events',
    title: (t) => t.events.title,
    roles: STAFF,
    screen: Events,
    inNavigation: true,
  },
  {
    pattern: '/console/events/new',
    title: (t) => t.eventForm.newTitle,
    roles: ['OPERATOR', 'ADMIN'],
    screen: EventForm,
  },
  {
    pattern: '/console/events/{eventId}',
    title: (t) => t.event.title,
    roles: STAFF,
    screen: Event,
  },
  {
    pattern: '/console/events/{eventId}/edit',
    title: (t) => t.eventForm.title,
    roles: ['OPERATOR', 'ADMIN'],
    screen: EventForm,
  },
  {
    pattern: '/console/operations',
    title: (t) => t.operations.title,
    roles: ['ADMIN'],
    screen: Operations,
    inNavigation: true,
  },
  {
    pattern: '/console/operations/{operationId}',
    title: (t) => t.operation.title,
    roles: ['ADMIN'],
    screen: Operation,
  },
  {
    pattern: '/console/reconciliation',
    title: (t) => t.reconciliation.title,
    roles: ['AUDITOR', 'ADMIN'],
    screen: Reconciliation,
    inNavigation: true,
  },
  {
    pattern: '/console/audit-log',
    title: (t) => t.auditLog.title,
    roles: ['AUDITOR', 'ADMIN'],
    screen: AuditLog,
    inNavigation: true,
  },
  {
    pattern: '/console/users',
    title: (t) => t.users.title,
    roles: ['ADMIN'],
    screen: Users,
    inNavigation: true,
  },
];

/** The routes that the navigation shows, in its order. */
export const NAVIGATION = ROUTES.filter(({ inNavigation }) => inNavigation);
