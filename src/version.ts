import packageFile from '../package.json' with { type: 'json' };

/** What a video's metadata and its signature name as the program that made it. */
export const programName = 'HuMo in Discord';
export const programVersion: string = packageFile.version;
