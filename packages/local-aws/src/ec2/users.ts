import { ec2Error } from './errors.ts';

/** @throws ServiceError for what is neither an account id nor one of the words that stand for several */
export function checkUsers(users: readonly string[], words: readonly string[]): void {
  for (const user of users) {
    if (!words.includes(user) && !/^\d{12}$/.test(user)) {
      throw ec2Error('InvalidUserID.Malformed', `Invalid user id: "${user}"`);
    }
  }
}
