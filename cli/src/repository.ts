import { fileURLToPath } from 'node:url';

/** The folders of this checkout that commands use by default. */
const root = fileURLToPath(new URL('../../', import.meta.url));

export const templatesFolder = `${root}templates`;
export const datasetsFolder = `${root}datasets`;
/** Base models of our own. */
export const modelsFolder = `${root}models`;
