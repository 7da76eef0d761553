/**
 * Units are left, but every bucket was full of holds or other claims were faster. Try again later.
 */
export class StockBusy extends Error {
  override readonly name = 'StockBusy';
}
