/** The exit status of a process whose configuration is wrong, from sysexits.h: a restart does not help against it. */
export const configurationExit = 78;
