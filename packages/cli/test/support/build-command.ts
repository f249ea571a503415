import { build } from 'rolldown';
import command from '../../rolldown.config.ts';

/** Once before all tests: those that start the command start what is published, as the sources are now. */
export async function setup(): Promise<void> {
  await build(command);
}
