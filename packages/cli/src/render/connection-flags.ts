import type { CommonSettings } from '../settings.ts';

/** Arguments that lead a command to the same account, where it is named by more than the credentials. */
export function connectionFlags({
  connection: { profile, endpointUrl },
  local,
  workDirectory,
}: Pick<CommonSettings, 'connection' | 'local' | 'workDirectory'>): string[] {
  return [
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...(endpointUrl === undefined ? [] : ['--endpoint-url', endpointUrl]),
    ...(local ? ['--work-dir', workDirectory, '--local'] : []),
  ];
}
