import { AppError, limits } from '@agon/contracts';
import type { FileRecord } from '@agon/store';
import type { AppDeps } from '../deps.ts';
import type { KeyCaller } from '../http/route.ts';

/** @throws AppError `missing_scope` where the purpose is not the caller's to have. */
export function checkPurpose(caller: KeyCaller, purpose: FileRecord['purpose']): void {
  if (purpose !== 'base-model' || caller.scopes.includes('admin')) return;
  throw new AppError('missing_scope', 'The API key lacks the scope admin, which files of base models need.');
}

/** Bytes that a file of the purpose may have. */
export const fileBytesMaxOf = ({ settings }: Pick<AppDeps, 'settings'>, purpose: FileRecord['purpose']): number =>
  purpose === 'base-model' ? limits.fileBytesMax : settings.fileBytesMax;

/** What the metrics call bytes that came in with the purpose. */
export const fileKindOf = (purpose: FileRecord['purpose']): 'base_model' | 'dataset' =>
  purpose === 'base-model' ? 'base_model' : 'dataset';
