export const packed: string;
export function installedAt(): number | null;
export function quickStart(environment: Readonly<Record<string, string | undefined>>): {
  readonly NODE_COMPILE_CACHE: string;
  readonly NODE_OPTIONS: string;
};
