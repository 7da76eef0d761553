/** The entry of the workflow bundle. Each exported name is a workflow type. */
export { bulk } from './bulk.ts';
export { claim } from './claim.ts';
export { reconcile } from './reconcile.ts';
