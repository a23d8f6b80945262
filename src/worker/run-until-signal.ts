export { runUntilSignal } from '../run-until-signal.ts';
