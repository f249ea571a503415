/** The PATH on which commands in this process find programs, until it is disposed of. */
export function usePath(path: string): Disposable {
  const before = process.env.PATH;
  process.env.PATH = path;
  return {
    [Symbol.dispose]() {
      process.env.PATH = before;
    },
  };
}
