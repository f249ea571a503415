/** Upward imports that wait to be removed. Nothing may be added here: the list is there to be emptied. */
export const knownUpwardImports: Readonly<Record<string, readonly string[]>> = {
  'packages/cli/src/doctor/examine.ts': ['packages/cli/src/commands/common.ts'],
  'packages/cli/src/janitor/scope.ts': ['packages/cli/src/commands/common.ts'],
  'packages/cli/src/local-account.ts': ['packages/cli/src/commands/common.ts'],
  'packages/cli/src/pipeline/written-snapshot.ts': ['packages/cli/src/pipeline/snapshot.ts'],
  'packages/cli/src/render/janitor-report.ts': ['packages/cli/src/janitor/outcome.ts'],
  'packages/cli/src/run-imports.ts': ['packages/cli/src/commands/common.ts'],
  'packages/cli/src/verify/verify-target.ts': ['packages/cli/src/commands/common.ts'],
};
