import type { Server } from 'node:http';

/**
 * Whoever has said all they have to say and closes that side (`nc -N` does) waits for answers all the same: Node would hang up without one. It has no
 * option for that, only this property of its servers, as old as they are.
 */
export function answerHalfClosed(server: Server): void {
  Object.assign(server, { httpAllowHalfOpen: true });
}
