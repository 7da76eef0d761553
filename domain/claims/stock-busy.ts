/** Units are free, but every bucket is full of holds or was taken by others first. Try again later. */
export class StockBusy extends Error {
  override readonly name = 'StockBusy';
}
