import { createUploadPart } from './create-part.ts';
import { createUpload, getUpload } from './create-upload.ts';
import { cancelUpload, completeUpload } from './end-upload.ts';

/** OpenAI's uploads: files that arrive in parts. */
export const uploadRoutes = [createUpload, getUpload, createUploadPart, completeUpload, cancelUpload];
