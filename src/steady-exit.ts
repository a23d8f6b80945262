import { setFlagsFromString } from 'node:v8';

// Import this before all else in a file that is a process. A background compilation by V8's middle tier, Maglev, may have to wait
// for a garbage collection, which only the main thread can do; when that is in `process.exit()` already, it waits for the
// compilation, and the process never ends (https://github.com/nodejs/node/issues/54918; seen here in 3 of 960 starts with a
// wrong configuration). Without that tier code goes from the baseline compiler to the optimising one.
setFlagsFromString('--no-maglev');
