import { createFile } from './create-file.ts';
import { deleteFile } from './delete-file.ts';
import { getFile, getFileContent, listFiles } from './read-files.ts';

export const fileRoutes = [createFile, listFiles, getFile, getFileContent, deleteFile];
