// Loaded before the command: its stderr is a pipe that passes for a terminal.
Object.assign(process.stderr, { isTTY: true, columns: 100, rows: 30 });
