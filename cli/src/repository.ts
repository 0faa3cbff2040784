import { fileURLToPath } from 'node:url';

/** The folders of this checkout that commands use by default. */
export const repositoryFolder = fileURLToPath(new URL('../../', import.meta.url));

export const templatesFolder = `${repositoryFolder}templates`;
export const datasetsFolder = `${repositoryFolder}datasets`;
/** Base models of our own. */
export const modelsFolder = `${repositoryFolder}models`;
