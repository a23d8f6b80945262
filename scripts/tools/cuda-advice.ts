/** The oldest driver that CUDA 13.0 works with: https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/ */
const driverOfCuda13 = 580;
const hopper = 9;
/** B200 and its like say 10, RTX 50 and RTX PRO 12. PyTorch 2.5.1 for CUDA 12.4 holds no kernels for either. */
const blackwell = 10;

export interface CudaAdvice {
  /** false: as it is, nothing can be made on this card */
  readonly works: boolean;
  readonly found: string;
  readonly fix: string;
}

/**
 * Whether a card wants an image with another CUDA.
 *
 * @param cuda what the image was built with, as HUMO_CUDA has it: `12`, `13-runtime`; empty outside of images
 * @param capability the card's compute capability, such as 9.0; NaN when the driver does not say
 * @param driver the driver's first number
 * @returns null when the image is right
 */
export function cudaAdvice(cuda: string, capability: number, driver: number): CudaAdvice | null {
  const [version, ...variant] = cuda.split('-');
  const other = (wanted: string) => [wanted, ...variant].join('-');
  const change = (wanted: string) =>
    `Set HUMO_CUDA=${other(wanted)} in docker/.env and run \`docker compose up -d --build\`; docker/README.md says more.`;
  if (version === '13' && driver < driverOfCuda13)
    return {
      works: false,
      found: `the image has CUDA 13, which needs a driver of ${driverOfCuda13} or newer`,
      fix: capability >= blackwell ? `Update NVIDIA’s driver to ${driverOfCuda13} or newer.` : change('12'),
    };
  if (version !== '12' || !(capability >= hopper)) return null;
  const before =
    driver < driverOfCuda13 ? `Update NVIDIA’s driver to ${driverOfCuda13} or newer. Then: ` : '';
  return capability >= blackwell
    ? {
        works: false,
        found: 'the image has CUDA 12, which does not know this card',
        fix: before + change('13'),
      }
    : {
        works: true,
        found: 'the image has CUDA 12; this card was measured with CUDA 13 alone',
        fix: before + change('13'),
      };
}
