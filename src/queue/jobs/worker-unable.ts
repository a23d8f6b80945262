/**
 * The machine cannot work now, whatever the request: its store does not answer, its disk is full, its engine does not start. The
 * request waits for the machine, or for another one, and none of its tries is used up.
 */
export class WorkerUnable extends Error {
  override readonly name = 'WorkerUnable';
}
