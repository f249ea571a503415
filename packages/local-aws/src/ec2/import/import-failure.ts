/** Why a task ends `deleted`, in the words of its StatusMessage. */
export class ImportFailure extends Error {
  override name = 'ImportFailure';
}

export function validationFailure(reason: string): ImportFailure {
  return new ImportFailure(`ClientError: Disk validation failed [${reason}]`);
}
