import { AppError, type BlobRef } from '@agon/contracts';

/** @throws AppError `upload_hash_mismatch` where other bytes came than were announced. */
export function checkExpected({ sha256, bytes }: BlobRef, expected: BlobRef | undefined): void {
  if (expected === undefined || (expected.sha256 === sha256 && expected.bytes === bytes)) return;
  throw new AppError('upload_hash_mismatch', `The ${bytes} bytes that came have the sha256 ${sha256}.`);
}
