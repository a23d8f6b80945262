import { Failure } from '../failure.ts';
import { isRefusedForNow } from '../full-redis.ts';

/**
 * A store for whoever has somebody to answer: that it cannot be reached, or is full, is a `Failure` with words for it, as a missing
 * artifact is. Workers want to see what it was, so theirs is as it is.
 *
 * @returns the store, whose methods reject with Failure `store_unreachable` for anything but a Failure
 */
export function tellingStore<Store extends object>(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const answer: unknown = Reflect.apply(member, target, args);
        return answer instanceof Promise ? answer.catch(tell) : answer;
      };
    },
  });
}

function tell(error: unknown): never {
  if (error instanceof Failure) throw error;
  // A store in Redis is full when the queue is.
  if (isRefusedForNow(error)) throw new Failure('internal', 'queue_full', {}, { cause: error });
  throw new Failure('internal', 'store_unreachable', {}, { cause: error });
}
