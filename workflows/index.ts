/** What the workflow bundle exports: each name is a workflow type. */
export { claim } from './claim.ts';
export { reconcile } from './reconcile.ts';
