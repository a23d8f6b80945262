export declare function execute(
  program: string,
  args: readonly string[],
): Promise<{ readonly status: number; readonly output: string }>;
